package setup

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"usher/auth0client/term"
)

// width is how long a line of a long list may become.
const width = 100

// Write writes the plan for people: what is created, what changes from what to what, what stays, what is left alone.
func (p *Plan) Write(w io.Writer) {
	for _, s := range p.Steps {
		fmt.Fprintf(w, "%-7s %s\n", s.Verb, s.Thing)
		writeSettings(w, s)
		for _, l := range s.Left {
			writeFolded(w, "        left alone: ", l.String(), "            ")
		}
	}
	if p.Changes() == 0 {
		fmt.Fprintln(w, "\nNothing to do: all is as usher needs it.")
		return
	}
	fmt.Fprintf(w, "\n%d of %d to create or change. Nothing is deleted.\n", p.Changes(), len(p.Steps))
}

func writeSettings(w io.Writer, s Step) {
	for _, set := range s.Settings {
		value := set.Want
		switch {
		case s.Verb == Change && strings.HasPrefix(set.Want, "+ "):
			value = fmt.Sprintf("%s (it has %s)", set.Want, set.Was)
		case s.Verb == Change:
			value = fmt.Sprintf("%s -> %s", set.Was, set.Want)
		}
		writeFolded(w, "        "+set.Name+": ", value, "            ")
	}
}

// writeFolded writes a list of words in lines of bearable length.
func writeFolded(w io.Writer, label, value, indent string) {
	line := label
	for word := range strings.FieldsSeq(value) {
		if len(line)+len(word) > width && strings.TrimSpace(line) != "" {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			line = indent
		}
		line += word + " "
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}

// WriteByHand writes what somebody does in the Dashboard instead.
func (p *Plan) WriteByHand(w io.Writer) {
	where := []string{
		"Applications > APIs > Create API", "User Management > Roles > Create role", "User Management > Roles > Create role",
		"User Management > Roles > Create role", "Applications > Create application > Native", "Applications > Create application > Machine to Machine",
		"that application > APIs > Auth0 Management API",
	}
	for i, s := range p.Steps {
		fmt.Fprintf(w, "%d. %s\n   in %s\n", i+1, s.Thing, where[i])
		writeSettings(w, s)
		fmt.Fprintln(w)
	}
}

// MarshalJSON implements json.Marshaler. The names are a contract.
func (s Step) MarshalJSON() ([]byte, error) {
	type setting struct {
		Name string `json:"name"`
		Was  string `json:"was"`
		Want string `json:"want"`
	}
	out := struct {
		Action   string    `json:"action"`
		Thing    string    `json:"thing"`
		Settings []setting `json:"settings"`
		Left     []string  `json:"left_alone"`
	}{string(s.Verb), s.Thing, []setting{}, []string{}}
	for _, v := range s.Settings {
		out.Settings = append(out.Settings, setting{v.Name, v.Was.String(), v.Want})
	}
	for _, l := range s.Left {
		out.Left = append(out.Left, l.String())
	}
	return json.Marshal(out)
}

// claimsAction is an Action for the post-login trigger. Auth0's access tokens name nobody and do not say when somebody
// signed in; auth_time is a claim that an Action may not set, so it comes under usher's own name
// (https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims).
const claimsAction = `exports.onExecutePostLogin = async (event, api) => {
  if (event.resource_server?.identifier !== %s) return;
  api.accessToken.setCustomClaim("email", event.user.email);
  api.accessToken.setCustomClaim("email_verified", event.user.email_verified);
  api.accessToken.setCustomClaim("name", event.user.name);
  const proofs = (event.authentication?.methods ?? []).filter((m) => m.name !== "mfa").map((m) => Date.parse(m.timestamp));
  if (proofs.length > 0) {
    api.accessToken.setCustomClaim("urn:usher:auth_time", Math.floor(Math.max(...proofs) / 1000));
  }
};
`

// ClaimsAction is the Action that a gateway on another machine wants: with it the gateway's journal names operators by
// email, and its policies can ask for fresh sign-ins. A gateway in the console's own process reads both off the id token.
func ClaimsAction(audience string) string {
	name, err := json.Marshal(audience)
	if err != nil {
		name = []byte(`""`)
	}
	return fmt.Sprintf(claimsAction, name)
}

// Advice is what a program should not decide for a tenant.
func (p *Plan) Advice() []string {
	return []string{
		"Operators: keep them in a database connection of their own, with sign-ups disabled (Authentication > Database > Disable Sign Ups), and switch " +
			"it on for the application \"" + ConsoleName + "\" alone. Whoever enrols themselves has no rights, but is easily taken for an operator by somebody who assigns roles.",
		"Second factor: require one from operators (Security > Multi-factor Auth), one that cannot be phished where they have it. A device code can be " +
			"approved by whoever is talked into it.",
		"Roles: give each operator one of the roles \"usher viewer\", \"usher support\" and \"usher admin\". Without one they see nothing.",
		"Management API: set its token lifetime (Applications > APIs > Auth0 Management API) to an hour. Its tokens cannot be revoked, and last a day by default.",
		"Management API: applications need no access to it in the name of users. Its policy for user access can be set to deny_all, unless something in this " +
			"tenant lets users edit their own profile with it.",
		"Admin token: it is of no further use. Let it end, or delete the application that it came from.",
	}
}

// WriteAdvice writes the advice, and the Action for a gateway on another machine.
func (p *Plan) WriteAdvice(w io.Writer) {
	fmt.Fprintln(w, "Left to you:")
	for _, a := range p.Advice() {
		writeFolded(w, "  - ", a, "    ")
	}
	fmt.Fprintln(w, "  - For a gateway on another machine, an Action for the trigger post-login (Actions > Library), put into the login flow:")
	fmt.Fprintln(w)
	for line := range strings.Lines(ClaimsAction(p.options.Audience)) {
		fmt.Fprint(w, "      ", term.Line(strings.TrimSuffix(line, "\n")), "\n")
	}
}
