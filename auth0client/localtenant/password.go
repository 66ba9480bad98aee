package localtenant

import "golang.org/x/crypto/bcrypt"

// hashPassword is what a record keeps of a password: bcrypt, as Auth0 has it, but at the lowest cost, since a thousand
// imported people should not take a minute.
func hashPassword(raw string) string {
	hash, err := bcrypt.GenerateFromPassword([]byte(raw[:min(len(raw), maxPassword)]), bcrypt.MinCost)
	if err != nil {
		return ""
	}
	return string(hash)
}
