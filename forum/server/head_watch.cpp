#include "forum/server/head_watch.h"

#include <algorithm>

#include "forum/domain/ascii.h"

namespace forum {

namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F';
}

bool is_token(char c) {
    return is_letter(c) || is_digit(c) ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string::npos);
}

std::string_view bare_value(std::string_view text) {
    constexpr std::string_view kSpace = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

}  // namespace

void HeadWatch::begin() {
    line_.clear();
    request_line_ = true;
    wants_host_ = false;
    hosts_ = 0;
    complete_ = false;
    fault_ = {};
    idempotency_key_.reset();
}

void HeadWatch::take(std::string_view bytes) {
    for (const char c : bytes) {
        if (complete_) return;
        line_.push_back(c);
        if (c == '\n') end_line();
    }
}

void HeadWatch::end_line() {
    const std::string_view whole = line_;
    if (!whole.ends_with(kLineEnd)) fault_ = "every line of the head ends with CR LF";
    const std::string_view line = whole.substr(0, whole.size() - std::min(whole.size(), kLineEnd.size()));
    if (std::ranges::any_of(line, &is_control)) fault_ = "the head holds control characters";
    if (whole == kLineEnd) {
        complete_ = !request_line_;
        if (hosts_ > 1 || (wants_host_ && hosts_ == 0)) fault_ = "a request has one Host";
    } else if (request_line_) {
        request_line_ = false;
        look_at_request_line(line);
    } else {
        look_at_header(line);
    }
    line_.clear();
}

void HeadWatch::look_at_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    const bool three = first != std::string_view::npos && first > 0 && last > first + 1 && last + 1 < line.size() &&
                       line.find(' ', first + 1) == last;
    if (!three) fault_ = "the request line is not a method, a target and a version";
    wants_host_ = three && line.substr(last + 1) == "HTTP/1.1";
}

void HeadWatch::look_at_header(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || name.empty() || !std::ranges::all_of(name, &is_token)) {
        fault_ = "a line of the head is not a name, a colon and a value";
        return;
    }
    const std::string_view value = bare_value(line.substr(colon + 1));
    if (equals_in_any_case(name, "content-length") || equals_in_any_case(name, "transfer-encoding")) {
        if (value.empty() || value.find('%') != std::string_view::npos) fault_ = "the length of the body is not told";
    } else if (equals_in_any_case(name, "host")) {
        ++hosts_;
    } else if (equals_in_any_case(name, "idempotency-key")) {
        if (idempotency_key_ && *idempotency_key_ != value) fault_ = "there are two values of Idempotency-Key";
        idempotency_key_ = value;
    }
}

}  // namespace forum
