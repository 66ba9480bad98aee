package view

// Field is an attribute of their own that a profile shows: its label, where it is in a user's record, and where it appears.
type Field struct {
	Label  string
	Path   string // "app_metadata.contract_id"
	Name   string // in the search box: "contract:C-1"; empty: none
	List   bool
	Detail bool
	Edit   bool
	Create bool
	Search bool
}
