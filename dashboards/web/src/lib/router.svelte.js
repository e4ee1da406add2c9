// The address bar is the state: every view reads its parameters from here and
// changes them by going somewhere, so that a link or Back restores a view.
export const route = $state({ path: location.pathname, query: location.search })

function read() {
  route.path = location.pathname
  route.query = location.search
}
addEventListener('popstate', read)

export function go(href, { replace = false } = {}) {
  if (href === location.pathname + location.search) return
  history[replace ? 'replaceState' : 'pushState'](null, '', href)
  read()
  if (!replace) scrollTo(0, 0)
}

export function params() {
  return new URLSearchParams(route.query)
}

// href builds a path with the parameters that have a value. A list becomes
// repeated parameters.
export function href(path, values = {}) {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(values)) {
    for (const one of Array.isArray(v) ? v : [v]) if (one !== '' && one != null) q.append(k, one)
  }
  const s = q.toString()
  return s ? `${path}?${s}` : path
}

// intercept turns a plain click on one of our own links into go().
export function intercept(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const a = event.target.closest?.('a[href]')
  if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin) return
  if (a.pathname.startsWith('/api/') || a.getAttribute('href').startsWith('#')) return
  event.preventDefault()
  go(a.pathname + a.search, { replace: a.dataset.replace !== undefined })
}
