#include "forum/server/answer_text.h"

#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ctime>

namespace forum {

namespace {

// RFC 9110 §6.6.1. Written once a second by each thread.
std::string_view date_of_now() {
    thread_local std::time_t written = -1;
    thread_local std::array<char, 40> text{};
    thread_local std::size_t length = 0;
    const std::time_t at = std::time(nullptr);
    if (at != written) {
        std::tm parts{};
        ::gmtime_r(&at, &parts);
        length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        written = at;
    }
    return {text.data(), length};
}

void append_number(std::string& out, std::size_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

}  // namespace

void append_answer(std::string& out, const Answer& answer, const Wire& wire) {
    const bool bodiless = answer.status == 204 || answer.status == 304;
    out.reserve(out.size() + answer.body.size() + 512);
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(answer.status));
    out += ' ';
    out += boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(answer.status)));
    out += "\r\n";
    append_header(out, "Date", date_of_now());
    append_header(out, "X-Forum-Version", wire.version_label);
    append_header(out, "X-Forum-Colour", wire.colour);
    if (!wire.request_id.empty()) append_header(out, "X-Request-Id", wire.request_id);
    for (const auto& [name, value] : answer.headers) append_header(out, name, value);
    if (!answer.etag.empty()) append_header(out, "ETag", answer.etag);
    if (!answer.location.empty()) append_header(out, "Location", answer.location);
    if (!bodiless) {
        if (!answer.body.empty()) {
            append_header(out, "Content-Type", answer.content_type);
            // What users wrote must never be taken for a page.
            out += "X-Content-Type-Options: nosniff\r\n";
        }
        out += "Content-Length: ";
        append_number(out, answer.body.size());
        out += "\r\n";
    }
    if (wire.close) {
        out += "Connection: close\r\n";
    } else if (wire.http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    if (!bodiless && !wire.head_only) out += answer.body;
}

}  // namespace forum
