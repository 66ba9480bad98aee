package view

import (
	"context"

	"usher/auth0client"
)

type (
	// Pick opens a check list over the screen. What is chosen becomes an action.
	Pick struct {
		Title string
		// Load reads what there is to choose from.
		Load  func(ctx context.Context) ([]Choice, error)
		One   bool   // enter takes the marked one; else space checks and enter goes on with those checked
		Empty string // said when there is nothing to choose from
		None  string // what choosing nothing means ("no role"); empty: something must be chosen
		Then  func(chosen []Choice) Action
	}
	// Choice is one row of a check list. Its texts are fit for a terminal. One with a Why cannot be chosen.
	Choice struct {
		Value              any
		Group, Label, Note string
		Why                string
		On                 bool // checked at first
	}
	// Form opens a few fields over the screen. What is typed becomes an action, or is refused with what is wrong with it.
	Form struct {
		Title  string
		Says   string // a line below the title
		Fields []Blank
		Done   string // the button that goes on
		// Then is given the values in the order of the fields. It does no I/O: where something is to be read first, Read does.
		Then func(values []string) (Action, string)
		// Read is Then with I/O. It replaces it.
		Read func(ctx context.Context, values []string) (Action, error)
	}
	// Blank is one field of a form: a text, or one of Options.
	Blank struct {
		Label, Value, Hint string
		Options            []string
		Most               int // characters; 0 is 500
	}
)

func (Pick) isAction() {}
func (Form) isAction() {}

// RoleForm asks for a role's name and description.
func RoleForm(title, done string, r auth0client.Role, then func(name, description string) (Action, string)) Form {
	return Form{Title: title, Done: done,
		Fields: []Blank{
			{Label: "Name", Value: r.Name.String(), Most: 50, Hint: "up to 50 characters; Actions and policies look for it"},
			{Label: "Description", Value: r.Description.String(), Most: 255, Hint: "what it is for, for whoever assigns it"},
		},
		Then: func(values []string) (Action, string) {
			if values[0] == "" {
				return nil, "A role needs a name."
			}
			return then(values[0], values[1])
		}}
}
