/** Units that numbers are commonly written with. */
const UNITS: ReadonlySet<string> = new Set(
  (
    '% ‰ ° °C °F K € $ £ ¥ ₹ EUR USD GBP CHF JPY kr zł Kč ' +
    'mm cm m km in ft mi mg g kg t lb oz ml l L m² m³ km² ha s ms min h d ' +
    'W kW MW GW Wh kWh MWh GWh TWh J kJ MJ GJ V kV mV A mA Hz kHz MHz GHz Pa hPa kPa bar mbar psi dB ' +
    'm/s km/h mph kn ppm ppb mg/l µg/m³ B kB KB MB GB TB KiB MiB GiB bps bp ct €/MWh EUR/MWh $/MWh'
  ).split(' '),
)

const BEHIND = /^[+-]?\d[\d.,' \u00a0\u202f]*(?<unit>[^\d\s.,'+-]\S*)$/u
const BEFORE = /^[+-]?(?<unit>[$€£¥₹]|[A-Z]{3})[ \u00a0]?[+-]?\d[\d.,']*$/u

/** The unit of a text that is a number with one: `12 %`, `$5`, `3kg`; undefined for all else. */
export function unitOf(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed.length > 40 || !/^[+\-$€£¥₹A-Z\d]/u.test(trimmed)) return undefined
  const unit = (BEHIND.exec(trimmed) ?? BEFORE.exec(trimmed))?.groups?.unit
  return unit !== undefined && UNITS.has(unit) ? unit : undefined
}
