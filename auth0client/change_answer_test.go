package auth0client

import (
	"errors"
	"net/http"
	"testing"
)

func TestWhoWasSlowerIsToldWhatChanged(t *testing.T) {
	t.Parallel()
	c := newTenant(t, says(409, `{"statusCode":409,"error":"Conflict","message":"this was changed meanwhile: name","errorCode":"usher_changed","changed":[{"name":"name","expected":"Ada","actual":{"a":[1,"\u001b"]}},{"name":"user_metadata.x","expected":null,"actual":5}]}`))
	_, err := c.UpdateUser(t.Context(), ada, Change{"name": "Bob"}, Unchanged{"name": "Ada"})
	var changed *Changed
	if !errors.As(err, &changed) || len(changed.Fields) != 2 {
		t.Fatalf("the error is %#v", err)
	}
	first := changed.Fields[0]
	if first.Name != "name" || first.Expected.String() != `"Ada"` || first.Actual.String() != `{"a":[1,"\u001b"]}` || changed.Fields[1].Expected.String() != "null" {
		t.Errorf("the fields are %v", changed.Fields)
	}
	if answer, ok := AnswerOf(err); !ok || answer.Status != http.StatusConflict {
		t.Errorf("the answer is %v", answer)
	}
	sent := c.requests()
	if len(sent) != 1 || sent[0].body != `{"name":"Bob"}` || sent[0].header.Get("X-Usher-If-Unchanged") != "eyJuYW1lIjoiQWRhIn0=" {
		t.Errorf("sent %+v", sent)
	}
}
