package view

// Resumer is a view that can be opened again as it was, in a later session of the same operator: their connection was lost.
type Resumer interface {
	// Kept is where in the view the operator is, and what they typed or chose there and did not send. It is of values alone,
	// belongs to no session, and holds no secret: a password that is typed is not in it. Nil keeps the view from being opened
	// again by itself.
	Kept() any
	// TakeUp goes back to what Kept gave. It is called before Init.
	TakeUp(kept any)
}
