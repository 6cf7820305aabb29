#include "bench/yardbench/engine/response_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "bench/yardbench/engine/same_word.h"

namespace yardbench {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;  // a head larger than this is taken for noise
constexpr std::size_t kMaxLine = 1024;       // a chunk-size or trailer line

// Whether this can be the beginning of a response. What cannot is noise at its first byte: waiting for its end would
// count it as a timeout or a close.
bool may_begin_response(std::string_view begun) {
    constexpr std::string_view kVersion = "HTTP/1.";
    return begun.substr(0, kVersion.size()) == kVersion.substr(0, begun.size());
}

bool has_bare_line_feed(std::string_view text) {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
        if (at == 0 || text[at - 1] != '\r') return true;
    return false;
}

bool read_number(std::string_view text, std::uint64_t& out) {
    if (text.empty() || text.size() > 18) return false;
    out = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return false;
        out = out * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return true;
}

std::string_view trimmed(std::string_view v) {
    while (!v.empty() && (v.front() == ' ' || v.front() == '\t')) v.remove_prefix(1);
    while (!v.empty() && (v.back() == ' ' || v.back() == '\t')) v.remove_suffix(1);
    return v;
}

bool contains_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (same_word(trimmed(list.substr(0, comma)), word)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

}  // namespace

void ResponseReader::begin(bool head_request, bool keep_text) {
    state_ = State::head;
    head_request_ = head_request;
    keep_text_ = keep_text;
    started_ = false;
    keep_alive_ = true;
    chunked_ = has_length_ = ended_ = false;
    grpc_status_ = -1;
    colour_ = 0;
    status_ = 0;
    generation_ = 0;
    left_ = 0;
    partial_.clear();
    head_.clear();
    body_.clear();
}

ResponseReader::Progress ResponseReader::feed(std::string_view bytes, std::size_t& used) {
    used = 0;
    if (bytes.empty()) return Progress::more;
    started_ = true;
    if (state_ == State::head) {
        if (partial_.empty()) {
            const void* end = ::memmem(bytes.data(), bytes.size(), "\r\n\r\n", 4);
            if (end == nullptr) {
                partial_.assign(bytes);
                used = bytes.size();
                return unfinished_head();
            }
            used = static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data()) + 4;
            if (const Progress p = read_head(bytes.substr(0, used)); p != Progress::more) return p;
        } else {
            const std::size_t before = partial_.size();
            partial_.append(bytes);
            const std::size_t end = partial_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
            if (end == std::string::npos) {
                used = bytes.size();
                return unfinished_head();
            }
            used = end + 4 - before;
            std::string head;
            head.swap(partial_);
            head.resize(end + 4);
            if (const Progress p = read_head(head); p != Progress::more) return p;
        }
        if (state_ == State::head) {  // an interim 1xx response: the real one follows
            std::size_t more = 0;
            const Progress p = feed(bytes.substr(used), more);
            used += more;
            return p;
        }
    }
    return read_body(bytes, used);
}

ResponseReader::Progress ResponseReader::take_field(std::string_view name, std::string_view value) {
    started_ = true;
    std::uint64_t number = 0;
    if (name == ":status") {
        if (!read_number(value, number) || number < 100 || number > 999) return Progress::malformed;
        status_ = static_cast<std::uint16_t>(number);
        head_.clear();
        if (keep_text_) head_.assign("HTTP/2 ").append(value).append("\r\n");
        return Progress::more;
    }
    if (keep_text_) head_.append(name).append(": ").append(value).append("\r\n");
    if (name == "grpc-status") {
        constexpr std::uint64_t kMost = 16;
        grpc_status_ =
            read_number(value, number) && number <= kMost ? static_cast<std::int8_t>(number) : std::int8_t{2};
        return Progress::more;
    }
    return read_line(name, value) ? Progress::more : Progress::malformed;
}

void ResponseReader::take_body(std::string_view octets) {
    if (keep_text_) body_.append(octets);
}

ResponseReader::Progress ResponseReader::unfinished_head() const {
    const bool noise = partial_.size() > kMaxHead || !may_begin_response(partial_) || has_bare_line_feed(partial_);
    return noise ? Progress::malformed : Progress::more;
}

ResponseReader::Progress ResponseReader::read_head(std::string_view head) {
    if (head.size() < 16 || head.size() > kMaxHead || !may_begin_response(head) || head[8] != ' ' ||
        (head[12] != ' ' && head[12] != '\r'))
        return Progress::malformed;
    std::uint64_t status = 0;
    if (!read_number(head.substr(9, 3), status) || status < 100) return Progress::malformed;
    status_ = static_cast<std::uint16_t>(status);
    keep_alive_ = head[7] == '1';
    // What an interim response said is not said of the one that follows.
    chunked_ = has_length_ = says_close_ = false;
    left_ = 0;
    if (keep_text_) head_.assign(head);
    const char* at = static_cast<const char*>(std::memchr(head.data(), '\n', head.size())) + 1;
    const char* const last = head.data() + head.size() - 2;
    while (at < last) {
        const auto* end = static_cast<const char*>(std::memchr(at, '\r', static_cast<std::size_t>(last - at)));
        if (end == nullptr) return Progress::malformed;
        const auto* colon = static_cast<const char*>(std::memchr(at, ':', static_cast<std::size_t>(end - at)));
        if (colon == nullptr) return Progress::malformed;
        if (!read_line({at, static_cast<std::size_t>(colon - at)},
                       trimmed({colon + 1, static_cast<std::size_t>(end - colon - 1)})))
            return Progress::malformed;
        at = end + 2;
    }
    if (status < 200 && status != 101) return Progress::more;  // stays in State::head
    if (head_request_ || status == 204 || status == 304) {
        state_ = State::complete;
        return Progress::complete;
    }
    if (chunked_) {
        state_ = State::chunk_size;
    } else if (has_length_) {
        state_ = left_ == 0 ? State::complete : State::body;
    } else {
        state_ = State::until_close;
        keep_alive_ = false;
    }
    return state_ == State::complete ? Progress::complete : Progress::more;
}

bool ResponseReader::read_line(std::string_view name, std::string_view value) {
    switch (name.size()) {
        case 10:
            if (same_word(name, "connection")) {
                // A server that says both will close.
                says_close_ = says_close_ || contains_word(value, "close");
                keep_alive_ = !says_close_ && (keep_alive_ || contains_word(value, "keep-alive"));
                return true;
            }
            break;
        case 12:
            if (same_word(name, "x-switchyard")) {
                constexpr std::string_view kKey = "generation=";
                if (const std::size_t at = value.find(kKey); at != std::string_view::npos) {
                    std::string_view number = value.substr(at + kKey.size());
                    number = number.substr(0, std::min(number.find(';'), number.size()));
                    read_number(trimmed(number), generation_);
                }
                return true;
            }
            break;
        case 14:
            if (same_word(name, "content-length")) {
                const std::uint64_t other = left_;
                const bool again = std::exchange(has_length_, true);
                // Two lengths that differ: the end of the response is unknown.
                return read_number(value, left_) && (!again || left_ == other);
            }
            break;
        case 17:
            if (same_word(name, "transfer-encoding")) {
                chunked_ = contains_word(value, "chunked");
                return chunked_;
            }
            break;
        default:
            break;
    }
    if (wanted_ != nullptr && wanted_->colours.size() > 0 && same_word(name, wanted_->colour_header))
        colour_ = wanted_->colours.id(value);
    return true;
}

bool ResponseReader::read_chunk_size(std::string_view line) {
    left_ = 0;
    std::size_t digits = 0;
    for (char c : line) {
        unsigned d;
        if (c >= '0' && c <= '9')
            d = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            d = static_cast<unsigned>(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            d = static_cast<unsigned>(c - 'A' + 10);
        else
            break;
        if (++digits > 15) return false;
        left_ = left_ * 16 + d;
    }
    return digits > 0;
}

ResponseReader::Progress ResponseReader::read_body(std::string_view bytes, std::size_t& used) {
    while (used < bytes.size()) {
        const std::string_view rest = bytes.substr(used);
        switch (state_) {
            case State::body:
            case State::chunk_data: {
                const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
                if (keep_text_) body_.append(rest.substr(0, take));
                used += take;
                left_ -= take;
                if (left_ > 0) return Progress::more;
                if (state_ == State::body) {
                    state_ = State::complete;
                    return Progress::complete;
                }
                state_ = State::chunk_end;
                break;
            }
            case State::until_close:
                if (keep_text_) body_.append(rest);
                used = bytes.size();
                return Progress::more;
            case State::chunk_size:
            case State::chunk_end:
            case State::trailers: {
                const std::size_t eol = rest.find('\n');
                if (eol == std::string_view::npos) {
                    partial_.append(rest);
                    used = bytes.size();
                    return partial_.size() > kMaxLine ? Progress::malformed : Progress::more;
                }
                partial_.append(rest.substr(0, eol + 1));
                used += eol + 1;
                std::string_view line = partial_;
                line.remove_suffix(1);
                if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
                const bool empty = line.empty();
                if (state_ == State::chunk_size) {
                    if (!read_chunk_size(line)) return Progress::malformed;
                    state_ = left_ == 0 ? State::trailers : State::chunk_data;
                } else if (state_ == State::chunk_end) {
                    if (!empty) return Progress::malformed;
                    state_ = State::chunk_size;
                } else if (empty) {
                    state_ = State::complete;
                }
                partial_.clear();
                if (state_ == State::complete) return Progress::complete;
                break;
            }
            case State::head:
            case State::complete:
                return Progress::complete;
        }
    }
    return Progress::more;
}

ResponseReader::Progress ResponseReader::end_of_stream() {
    if (state_ == State::until_close) {
        state_ = State::complete;
        return Progress::complete;
    }
    return started_ ? Progress::malformed : Progress::more;
}

std::string_view ResponseReader::header(std::string_view name) const {
    std::string_view rest = head_;
    while (!rest.empty()) {
        const std::size_t eol = std::min(rest.find("\r\n"), rest.size());
        const std::string_view line = rest.substr(0, eol);
        if (const std::size_t colon = line.find(':');
            colon != std::string_view::npos && same_word(line.substr(0, colon), name))
            return trimmed(line.substr(colon + 1));
        rest.remove_prefix(std::min(eol + 2, rest.size()));
    }
    return {};
}

}  // namespace yardbench
