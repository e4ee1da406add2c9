// Package render draws a page in a headless Chromium that has no network of its own.
//
// The browser runs in a network namespace whose only interface is loopback, and on it
// listens one SOCKS5 server, whose socket this process accepts on: that is the only
// way out there is, whatever the browser, a page or an exploit does. The server here
// asks [Page.Dial] for each connection that a request is for, and so the crawler's policy. Flags that are
// meant to keep Chromium on its proxy are set as well, but nothing rests on them:
// with the proxy flag alone WebRTC and multicast DNS were measured to go past it.
//
// Nor has it files or processes that outlive it: its profile is in memory, in mounts of
// its own, and the first process of its process namespace ends with this program.
//
// The namespace is made with a user namespace, so no privilege is needed and none is
// left: the browser has no capability in it and keeps its own sandbox, also where the
// program runs as the superuser. Where no namespace can be made nothing is drawn.
package render

import "errors"

// Errors of a page that is not drawn. The first two hold for every page.
var (
	// ErrNamespace says that the system allows no namespace.
	ErrNamespace = errors.New("no network namespace can be made")
	// ErrBrowser says that Chromium is not there or does not start.
	ErrBrowser = errors.New("the browser does not start")
	// ErrMemory says that a page took more memory than it may.
	ErrMemory = errors.New("the page took too much memory")
)
