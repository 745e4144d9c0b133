// Loaded before a program (NODE_OPTIONS): its clock starts at FIXED_TIME, and goes on from there.
const start = Date.parse(process.env.FIXED_TIME)
const RealDate = Date
const began = RealDate.now()
const now = () => start + (RealDate.now() - began)
globalThis.Date = class FixedDate extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(now())
    else super(...given)
  }
  static now() {
    return now()
  }
}
