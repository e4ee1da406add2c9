// The theme: the system's until one is chosen. Drawings that cannot read CSS
// variables (the canvas) watch theme.dark.
const media = matchMedia('(prefers-color-scheme: dark)')
export const theme = $state({ choice: localStorage.getItem('tamga-theme') ?? 'system', dark: false })

function apply() {
  theme.dark = theme.choice === 'dark' || (theme.choice === 'system' && media.matches)
  document.documentElement.dataset.theme = theme.dark ? 'dark' : 'light'
}
media.addEventListener('change', apply)
apply()

export function toggleTheme() {
  theme.choice = theme.dark ? 'light' : 'dark'
  localStorage.setItem('tamga-theme', theme.choice)
  apply()
}

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
