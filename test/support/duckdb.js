#!/usr/bin/env node
// As much of DuckDB's command line as pages type: `duckdb -csv -c SQL`, by its npm package.
import { DuckDBInstance } from '@duckdb/node-api'

const [kind, option, sql] = process.argv.slice(2)
if (kind !== '-csv' || option !== '-c' || sql === undefined) {
  throw new Error('usage: duckdb -csv -c SQL')
}
const connection = await (await DuckDBInstance.create()).connect()
const result = await connection.runAndReadAll(sql)
if (!/^COPY/i.test(sql.trim())) {
  const lines = [result.columnNames(), ...result.getRows()].map((row) => row.join(','))
  process.stdout.write(`${lines.join('\n')}\n`)
}
