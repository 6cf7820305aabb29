#include "forum/api/web.h"

#include "forum/api/embedded_web.h"

namespace forum {

namespace {

// Nothing from elsewhere and no script inside the page: what users write can never run.
constexpr const char* kPolicy =
    "default-src 'none'; img-src data:; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'";

std::string_view type_of(std::string_view name) {
    if (name.ends_with(".html")) return "text/html; charset=utf-8";
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    return "text/javascript; charset=utf-8";
}

Answer file_answer(std::string_view name) {
    for (const EmbeddedFile& file : kEmbeddedWeb) {
        if (file.name != name) continue;
        Answer answer = json_answer(200, std::string(file.text));
        answer.content_type = type_of(name);
        answer.headers.emplace_back("Content-Security-Policy", kPolicy);
        answer.headers.emplace_back("Referrer-Policy", "same-origin");
        answer.headers.emplace_back("Cache-Control", "no-cache");
        return answer;
    }
    refuse_not_found("file");
}

}  // namespace

Answer show_web_page(Service&, const Call&) {
    return file_answer("index.html");
}
Answer show_web_file(Service&, const Call& call) {
    return file_answer(call.arguments.at(0));
}

}  // namespace forum
