package decode

import "strings"

// coversAll tells whether the statement is about the whole of what its policy is attached to. A policy that names no
// resources is about what it is attached to. A bucket is two: the bucket itself, and its objects.
func (s statement) coversAll() answer {
	implicit := not(either(s.resources.given(), s.notResources.given()))
	ofBucket := s.ofBucket()
	single := s.resources.any(func(t text) answer {
		return either(t.matches(anyArn, false), t.bucketAndObjects(), not(t.ofBucket(ofBucket)))
	})
	return either(implicit, single, s.resources.pair())
}

// manyResources is the number of resources from which on those with placeholders are not compared with one another.
const manyResources = 200

// pair tells whether a bucket and its objects are among the resources.
func (t texts) pair() answer {
	known := map[string]bool{}
	var partly []text
	for _, one := range t.list {
		if one.complete() {
			known[one.raw] = true
		} else {
			partly = append(partly, one)
		}
	}
	for one := range known {
		if known[one+"/*"] && !strings.Contains(one, "/") {
			return yes
		}
	}
	if len(partly) > 0 && len(t.list) > manyResources {
		return unsure(partly[0].why, partly[0].refs...)
	}
	return some(partly, func(p text) answer {
		return some(t.list, func(other text) answer { return either(objectsOf(p, other), objectsOf(other, p)) })
	})
}

// bucketAndObjects tells that one pattern covers a bucket and its objects: arn:aws:s3:::records*.
func (t text) bucketAndObjects() answer {
	f, ok := t.fields()
	if !ok {
		return no // "*" and its like are told by anyArn
	}
	name := f[5]
	if !name.complete() {
		last := name.parts[len(name.parts)-1]
		if last.hole == none && !strings.HasSuffix(last.known, "*") || name.contains("/").yes() {
			return no
		}
		if last.hole != none && last.hole != anything {
			return no
		}
		return all(f[2].is("s3"), name.unsure())
	}
	return all(f[2].is("s3"), is(strings.HasSuffix(name.raw, "*") && !strings.Contains(name.raw, "/")))
}

// objectsOf tells whether objects is the pattern of all objects in bucket.
func objectsOf(bucket, objects text) answer {
	if bucket.contains("/").yes() {
		return no
	}
	if !objects.complete() {
		if last := objects.parts[len(objects.parts)-1]; last.hole == none && !strings.HasSuffix(last.known, "/*") {
			return no
		}
		if last := objects.parts[len(objects.parts)-1]; last.hole != none && last.hole != anything {
			return no
		}
	}
	return bucket.suffixed("/*").same(objects)
}

// ofBucket tells whether a resource is a bucket or an object; those of other services are whole by themselves. Where the
// resource does not tell, byActions does.
func (t text) ofBucket(byActions answer) answer {
	if f, ok := t.fields(); ok && f[2].complete() {
		return is(f[2].raw == "s3" || strings.ContainsAny(f[2].raw, "*?"))
	}
	if t.complete() {
		return yes // not an ARN: nothing is known to be whole
	}
	if p := t.parts[0]; p.hole == arn {
		if m := blockAttribute.FindStringSubmatch(p.expr); m != nil {
			return is(strings.HasPrefix(m[1], "aws_s3"))
		}
	}
	if byActions.definite {
		return byActions
	}
	return either(byActions, t.unsure())
}

// ofBucket tells whether the statement's actions are those of S3: yes if one is, no if all are of known other services.
func (s statement) ofBucket() answer {
	return either(not(s.actions.given()), s.actions.any(func(a text) answer {
		service, _, found := strings.Cut(a.raw, ":")
		switch {
		case found && strings.EqualFold(service, "s3"):
			return yes
		case found && !strings.ContainsAny(service, "*?${"):
			return no
		}
		return unsure(reason("the statement's actions do not tell what its resources are"))
	}))
}
