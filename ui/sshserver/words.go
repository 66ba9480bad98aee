package sshserver

import (
	"errors"
	"strings"
)

// words splits a command as a shell would, quotes and backslashes included. There is no shell: nothing is expanded.
func words(command string) ([]string, error) {
	var out []string
	var word strings.Builder
	var quote rune
	begun, escaped := false, false
	for _, c := range command {
		switch {
		case c < ' ' && c != '\t' || c == 0x7f:
			return nil, errors.New("a command holds no control characters")
		case escaped:
			if quote == '"' && c != '"' && c != '\\' && c != '$' && c != '`' {
				word.WriteByte('\\')
			}
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, begun = true, true
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				word.WriteRune(c)
			}
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == ' ' || c == '\t':
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	switch {
	case quote != 0:
		return nil, errors.New("a quote of the command is not closed")
	case escaped:
		return nil, errors.New("the command ends with a backslash")
	case begun:
		out = append(out, word.String())
	}
	return out, nil
}
