#include "forum/api/call.h"
#include "forum/api/json_text.h"

namespace forum {

namespace {

std::string_view title_of(int status) {
    switch (status) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 503:
            return "Service Unavailable";
        default:
            return status >= 500 ? "Internal Server Error" : "Refused";
    }
}

}  // namespace

Answer problem(int status, std::string_view slug, std::string_view detail, const FieldErrors& errors) {
    JsonText json;
    json.begin_object()
        .member("type", "/problems/" + std::string(slug))
        .member("title", title_of(status))
        .member("status", status)
        .member("detail", detail);
    if (!errors.empty()) {
        json.key("errors").begin_array();
        for (const FieldError& error : errors) {
            json.begin_object().member("pointer", error.pointer).member("detail", error.detail).end_object();
        }
        json.end_array();
    }
    json.end_object();
    Answer answer;
    answer.status = status;
    answer.body = json.take();
    answer.content_type = "application/problem+json";
    if (status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (status == 503) answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

void refuse(int status, std::string_view slug, std::string_view detail, const FieldErrors& errors) {
    throw Refusal(problem(status, slug, detail, errors));
}

void refuse_not_found(std::string_view what) {
    refuse(404, "not-found", "there is no such " + std::string(what));
}

void refuse_if_any(const FieldErrors& errors) {
    if (!errors.empty()) refuse(422, "invalid-fields", "some fields are not as they should be; see errors", errors);
}

}  // namespace forum
