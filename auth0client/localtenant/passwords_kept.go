package localtenant

// maxPassword is how many bytes of a password Auth0 takes.
const maxPassword = 72

// keepPassword keeps a hash of a password.
func (u *user) keepPassword(password string, _ *connection) { u.Password = hashPassword(password) }
