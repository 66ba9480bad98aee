package widget

import (
	"charm.land/bubbles/v2/textinput"
)

// NewInput makes a one-line text field with a steady cursor: a blinking one would keep an idle line busy.
func NewInput(prompt string) textinput.Model {
	in := textinput.New()
	in.Prompt = prompt
	in.CharLimit = 500
	styles := textinput.DefaultStyles(true)
	styles.Cursor.Blink = false
	styles.Focused = textinput.StyleState{}
	styles.Blurred = textinput.StyleState{}
	in.SetStyles(styles)
	return in
}
