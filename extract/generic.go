package extract

import "tamga"

func (d *document) generic() { d.page.Kind = d.wall() }

func (d *document) wall() tamga.PageKind { return tamga.PageOther }
