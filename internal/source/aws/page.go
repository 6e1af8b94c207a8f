package aws

import (
	"errors"
	"reflect"
	"strings"
)

// tokens pairs the member of a reply that leads to its next page with the member of the request that takes it. The first
// pair that both have counts.
var tokens = [][2]string{
	{"NextToken", "NextToken"}, {"NextMarker", "Marker"}, {"Marker", "Marker"}, {"NextMarker", "NextMarker"},
	{"NextContinuationToken", "ContinuationToken"}, {"ContinuationToken", "ContinuationToken"}, {"Position", "Position"},
	{"LastEvaluatedTableName", "ExclusiveStartTableName"}, {"NextPageToken", "PageToken"}, {"NextPageToken", "NextPageToken"},
	{"PaginationToken", "PaginationToken"}, {"NextPageMarker", "Marker"}, {"Cursor", "Cursor"}, {"NextCursor", "Cursor"},
	{"LastEvaluatedKey", "ExclusiveStartKey"}, {"NextBackupToken", "NextToken"},
}

// turn puts a reply's token into the request for the next page. It tells the token and whether there is a next page; an
// error says that the reply was cut off and does not say where it goes on.
func turn(out, in reflect.Value) (token string, more bool, err error) {
	out, in = reflect.Indirect(out), reflect.Indirect(in)
	if !out.IsValid() || out.Kind() != reflect.Struct {
		return "", false, nil
	}
	out = nested(out)
	for _, pair := range tokens {
		from, to := out.FieldByName(pair[0]), in.FieldByName(pair[1])
		if !from.IsValid() || !to.IsValid() || from.Type() != to.Type() || from.Kind() != reflect.Pointer || from.Type().Elem().Kind() != reflect.String {
			continue
		}
		if from.IsNil() || from.Elem().Len() == 0 {
			break
		}
		to.Set(from)
		return from.Elem().String(), true, nil
	}
	if name := lastName(out, in); name != "" {
		return name, true, nil
	}
	if truncated(out) {
		return "", false, errors.New("the reply was cut off and does not say where it goes on")
	}
	return "", false, nil
}

// nested returns the member that holds the list and its token where a service wraps them: CloudFront's DistributionList.
func nested(out reflect.Value) reflect.Value {
	for i := range out.NumField() {
		if field := out.Type().Field(i); strings.HasSuffix(field.Name, "List") {
			if inner := reflect.Indirect(out.Field(i)); inner.IsValid() && inner.Kind() == reflect.Struct && inner.FieldByName("Items").IsValid() {
				return inner
			}
		}
	}
	return out
}

// lastName goes on after the last name of a page, which is how Firehose turns pages.
func lastName(out, in reflect.Value) string {
	names, after := out.FieldByName("DeliveryStreamNames"), in.FieldByName("ExclusiveStartDeliveryStreamName")
	if !truncated(out) || !names.IsValid() || !after.IsValid() || names.Len() == 0 {
		return ""
	}
	last := names.Index(names.Len() - 1).String()
	after.Set(reflect.ValueOf(&last))
	return last
}

func truncated(out reflect.Value) bool {
	for _, name := range []string{"IsTruncated", "Truncated", "HasMoreStreams", "HasMoreDeliveryStreams", "HasMoreTrails"} {
		field := reflect.Indirect(out.FieldByName(name))
		if field.IsValid() && field.Kind() == reflect.Bool && field.Bool() {
			return true
		}
	}
	return false
}
