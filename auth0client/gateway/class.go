package gateway

import (
	"net/http"
	"strings"
)

// authenticationClass is what counts against the Authentication API's limits.
const authenticationClass = "authentication"

// classOf names the limit that a request counts against on plans where each kind of endpoint has its own (auth0-facts:
// Essentials and Professional; Enterprise for organizations). On plans with one limit for all the classes are found to
// share it.
func classOf(method, path string) string {
	if path == changePassword {
		return authenticationClass
	}
	parts := strings.Split(strings.TrimPrefix(path, "/api/v2/"), "/")
	kind := "write "
	if method == http.MethodGet {
		kind = "read "
	}
	switch parts[0] {
	case "users", "users-by-email":
		return userClass(method, kind, parts)
	case "organizations":
		return organizationClass(kind, parts)
	case "logs", "connections", "clients", "device-credentials":
		return kind + parts[0]
	}
	return "other"
}

func userClass(method, kind string, parts []string) string {
	switch {
	case len(parts) == 3 && parts[2] == "logs":
		return "read logs"
	case len(parts) == 3 && parts[2] == "organizations":
		return "read organizations of a user"
	case len(parts) > 2:
		return "other"
	case method == http.MethodDelete:
		return "delete users"
	}
	return kind + "users"
}

func organizationClass(kind string, parts []string) string {
	switch {
	case len(parts) == 1:
		return kind + "organizations"
	case len(parts) == 2:
		return kind + "organizations by id"
	case parts[1] == "name": // the name itself is anything
		return kind + "organizations by name"
	case len(parts) == 5:
		return "organization member roles"
	}
	return kind + "organization " + parts[2]
}
