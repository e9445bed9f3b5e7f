// The conversation of conversation.py through net/http, with nothing told to it but the
// environment. The workspace and a name of one's own stand on the command line.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"
)

const (
	taskRouter = "https://taskrouter.twilio.com/v1/Workspaces/"
	documents  = "https://sync.twilio.com/v1/Services/default/Documents"
	serverless = "https://serverless.twilio.com/v1/Services"
	upload     = "https://serverless-upload.twilio.com/v1/Services"
	source     = "exports.handler = (context, event, callback) => callback(null, 'hello');"
)

type object = map[string]any

type answer struct {
	status int
	etag   string
	body   object
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func send(method, address, contentType, ifMatch string, body io.Reader) answer {
	request, err := http.NewRequest(method, address, body)
	check(err)
	request.SetBasicAuth(os.Getenv("TWILIO_ACCOUNT_SID"), os.Getenv("TWILIO_AUTH_TOKEN"))
	request.Header.Set("Content-Type", contentType)
	if ifMatch != "" {
		request.Header.Set("If-Match", ifMatch)
	}
	response, err := http.DefaultClient.Do(request)
	check(err)
	defer response.Body.Close()
	found := answer{status: response.StatusCode, etag: response.Header.Get("ETag")}
	check(json.NewDecoder(response.Body).Decode(&found.body))
	return found
}

func get(address string) answer { return send("GET", address, "", "", nil) }

func post(address, ifMatch string, pairs ...string) answer {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	const kind = "application/x-www-form-urlencoded"
	return send("POST", address, kind, ifMatch, strings.NewReader(form.Encode()))
}

func listed(address string) []string {
	names := []string{}
	for address != "" {
		page := get(address).body
		for _, worker := range page["workers"].([]any) {
			names = append(names, worker.(object)["friendly_name"].(string))
		}
		address, _ = page["meta"].(object)["next_page_url"].(string)
	}
	sort.Strings(names)
	return names
}

func document(name string) []any {
	made := post(documents, "", "UniqueName", name, "Data", `{"n": 0}`).body
	changed := post(documents+"/"+name, made["revision"].(string), "Data", `{"n": 1}`).body
	return []any{changed["data"], changed["revision"]}
}

func uploaded(name string) any {
	service := post(serverless, "", "UniqueName", name, "FriendlyName", name).body["sid"]
	functions := fmt.Sprintf("/%s/Functions", service)
	function := post(serverless+functions, "", "FriendlyName", "hello").body["sid"]
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	check(form.WriteField("Path", "/hello"))
	check(form.WriteField("Visibility", "public"))
	part, err := form.CreateFormFile("Content", "hello.js")
	check(err)
	_, err = part.Write([]byte(source))
	check(err)
	check(form.Close())
	address := fmt.Sprintf("%s%s/%s/Versions", upload, functions, function)
	return send("POST", address, form.FormDataContentType(), "", &body).body["path"]
}

func main() {
	workers := taskRouter + os.Args[1] + "/Workers"
	one := ""
	for n := 4; n >= 0; n-- {
		made := post(workers, "", "FriendlyName", fmt.Sprintf("w%d", n)).body
		one = workers + "/" + made["sid"].(string)
	}
	names := listed(workers + "?PageSize=2")
	etag := get(one).etag
	updated := post(one, etag, "FriendlyName", "renamed")
	stale := post(one, etag, "FriendlyName", "late")
	missing := get(workers + "/WK" + strings.Repeat("0", 32))
	check(json.NewEncoder(os.Stdout).Encode(object{
		"listed":   names,
		"etag":     etag,
		"updated":  []any{updated.body["friendly_name"], updated.etag},
		"stale":    []any{stale.status, stale.body["code"]},
		"missing":  []any{missing.status, missing.body["code"]},
		"document": document(os.Args[2]),
		"uploaded": uploaded(os.Args[2]),
	}))
}
