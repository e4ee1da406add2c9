export class ApiError extends Error {
  constructor(status, message, hint) {
    super(message)
    this.status = status
    this.hint = hint
  }
}

// call asks the server. A newer call with the same lane cancels the older one,
// so that an answer never overtakes a later question.
const lanes = new Map()
export async function call(name, values, lane = name) {
  lanes.get(lane)?.abort()
  const control = new AbortController()
  lanes.set(lane, control)
  const query = values instanceof URLSearchParams ? values : new URLSearchParams(values)
  let answer
  try {
    answer = await fetch(`/api/${name}?${query}`, { signal: control.signal, headers: { Accept: 'application/json' } })
  } catch (e) {
    if (e.name === 'AbortError') throw e
    throw new ApiError(0, 'offline', '')
  }
  const body = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new ApiError(answer.status, body.error ?? answer.statusText, body.hint ?? '')
  return body
}

export const isAbort = (e) => e?.name === 'AbortError'

export async function lock() {
  await fetch('/api/lock', { method: 'POST' })
  location.assign('/')
}
