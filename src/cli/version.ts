declare const VARVE_VERSION: string | undefined

/** The version in `package.json`, put in by the build. */
export const VERSION = typeof VARVE_VERSION === 'string' ? VARVE_VERSION : '0.0.0-source'
