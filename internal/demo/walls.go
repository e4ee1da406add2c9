package demo

import "net/http"

// walls renders the pages that are not about trade: about, login, the captcha
// and the waiting room, and the answer to a dead link.
//
// No page links to the waiting room: whoever meets one comes back after a pause,
// and the demonstration would have to wait too.
func (m *Market) walls(home crumb) {
	trail := []crumb{home}
	m.put("/about", "about.html", view{Title: "About this market", Trail: trail, Data: onion("bazaar")})
	m.put("/login", "login.html", view{Title: "Log in"})
	m.put("/human-check", "captcha.html", view{Title: "Are you human?"})
	m.put("/waiting-room", "queue.html", view{Title: "Waiting room"})
	m.pages["/waiting-room"].header.Set("Refresh", "15")
	m.put("404", "missing.html", view{Title: "Page not found"})
	p := m.pages["404"]
	p.status = http.StatusNotFound
	m.pages["404"] = p
}
