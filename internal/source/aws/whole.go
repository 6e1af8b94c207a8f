package aws

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"ward.dev/ward/internal/source/aws/rest"
)

// wholeReplies has every reply that says of itself that all is well looked at before the SDK reads it. The SDK takes an
// empty reply, any JSON that something on the way puts in its place, such as {"status": "ok"}, and where it expects XML also
// any page, for one in which nothing is set: no volumes, no policy. That would be an answer where there was none.
func wholeReplies(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("WholeReplies",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			reply, ok := out.RawResponse.(*smithyhttp.Response)
			if err != nil || !ok || reply.StatusCode < 200 || reply.StatusCode > 299 {
				return out, metadata, err
			}
			if reply.Request != nil && reply.Request.Method == http.MethodHead {
				return out, metadata, nil
			}
			body, err := io.ReadAll(reply.Body)
			closing := reply.Body.Close()
			reply.Body = io.NopCloser(bytes.NewReader(body))
			if err == nil {
				err = closing
			}
			if err == nil && !rest.Numbered(reply.Header, body) {
				err = rest.ErrStranger
			}
			if err == nil && !strings.Contains(reply.Header.Get("Content-Type"), "cbor") {
				err = whole(body, speaksXML(ctx, in))
			}
			if err != nil {
				return out, metadata, &smithy.DeserializationError{Err: err}
			}
			return out, metadata, nil
		}), middleware.After)
}

// speaksXML tells whether the replies of an operation are XML of which no member has to be there: those of services that are
// asked with a form, and of a few others.
func speaksXML(ctx context.Context, in middleware.DeserializeInput) bool {
	asked, ok := in.Request.(*smithyhttp.Request)
	if ok && strings.HasPrefix(asked.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return true
	}
	switch awsmiddleware.GetServiceID(ctx) {
	case "S3":
		return awsmiddleware.GetOperationName(ctx) != "GetBucketPolicy" // the policy itself
	case "S3 Control", "CloudFront", "Route 53":
		return true
	}
	return false
}

// errNoRegions is that a reply lists no regions at all, though every account has some.
var errNoRegions = &smithy.DeserializationError{Err: errors.New("the reply lists no regions")}

// whole tells what is wrong with a reply: that it is empty, was cut off, or is something else than the service says.
func whole(body []byte, wantXML bool) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0:
		return errors.New("the reply is empty")
	case body[0] != '<' && wantXML:
		return errors.New("the reply is not XML")
	case body[0] != '<':
		return nil // the SDK insists on whole JSON
	}
	root, err := rootOf(body)
	if err != nil {
		return err
	}
	switch strings.ToLower(root) {
	case "html", "head", "body", "error", "errors", "errorresponse":
		return fmt.Errorf("the reply is a page %q of something on the way", root)
	}
	if !bytes.HasSuffix(body, []byte("</"+root+">")) && !bytes.HasSuffix(body, []byte("/>")) {
		return errors.New("the reply was cut off")
	}
	return nil
}

// rootOf returns the name of the outermost element as it is written.
func rootOf(body []byte) (string, error) {
	for decoder := xml.NewDecoder(bytes.NewReader(body)); ; {
		token, err := decoder.RawToken()
		if err != nil {
			return "", errors.New("the reply is not XML")
		}
		if start, ok := token.(xml.StartElement); ok {
			if start.Name.Space != "" {
				return start.Name.Space + ":" + start.Name.Local, nil
			}
			return start.Name.Local, nil
		}
	}
}
