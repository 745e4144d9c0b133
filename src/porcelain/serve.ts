export {
  type ServeEvent,
  type ServeHttpOptions as ServeOptions,
  serveHttp as serve,
} from '../plumbing/serve-http.ts'
