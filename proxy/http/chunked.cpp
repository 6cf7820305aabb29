#include "proxy/http/chunked.h"

#include <algorithm>
#include <cstring>

#include "proxy/http/characters.h"
#include "proxy/http/head_parser.h"

namespace switchyard::http {
namespace {

// Whatever the proxy knows by heart speaks of framing, routing, the connection or a user's identity.
bool may_follow(FieldName name) {
    return name == FieldName::other;
}

}  // namespace

std::vector<std::string> announced_trailers(const char* base, const Head& head,
                                            const std::vector<std::string>& allowed) {
    std::vector<std::string> out;
    each_member(base, head, FieldName::trailer, [&](std::string_view name) {
        for (const std::string& known : allowed)
            if (equals_lower(name, known) && std::find(out.begin(), out.end(), known) == out.end())
                out.push_back(known);
        return true;
    });
    return out;
}

ChunkedDecoder::Result ChunkedDecoder::feed(std::span<char> input) {
    Result out;
    std::size_t at = 0;
    auto bad = [&] {
        out.outcome = Outcome::bad;
        out.consumed = at;
        return out;
    };
    while (at < input.size()) {
        if (state_ == State::data) {
            const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
            if (out.data != at) std::memmove(input.data() + out.data, input.data() + at, take);
            out.data += take;
            at += take;
            left_ -= take;
            if (left_ == 0) state_ = State::data_cr;
            continue;
        }
        const char c = input[at++];
        switch (state_) {
            case State::size_first:
            case State::size:
                if (is(c, kHex)) {
                    // 15 digits stay far below 2^63; no peer sends a chunk of an exabyte.
                    if (++digits_ > 15) return bad();
                    left_ = left_ * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : lower(c) - 'a' + 10);
                    state_ = State::size;
                } else if (state_ == State::size_first) {
                    return bad();
                } else if (c == '\r') {
                    state_ = State::size_lf;
                } else if (c == ';') {
                    state_ = State::extension;
                    extra_ = 0;
                } else {
                    return bad();
                }
                break;
            case State::extension:
                if (c == '\r')
                    state_ = State::size_lf;
                else if (!is(c, kValue) || ++extra_ > kMaxExtension)
                    return bad();
                break;
            case State::size_lf:
                if (c != '\n') return bad();
                digits_ = 0;
                extra_ = 0;
                state_ = left_ == 0 ? State::trailer : State::data;
                break;
            case State::data_cr:
                if (c != '\r') return bad();
                state_ = State::data_lf;
                break;
            case State::data_lf:
                if (c != '\n') return bad();
                state_ = State::size_first;
                break;
            case State::trailer:
                if (!trailer_byte(c)) return bad();
                if (state_ == State::finished) {
                    out.outcome = Outcome::done;
                    out.consumed = at;
                    return out;
                }
                break;
            default:
                return bad();
        }
    }
    out.consumed = at;
    return out;
}

// Collects one line at a time; an empty line ends the message.
bool ChunkedDecoder::trailer_byte(char c) {
    if (++extra_ > kMaxTrailers) return false;
    if (c != '\n') {
        if (c != '\r' && !is(c, kValue)) return false;
        if (!line_.empty() && line_.back() == '\r') return false;
        line_ += c;
        return true;
    }
    if (line_.empty() || line_.back() != '\r') return false;
    line_.pop_back();
    if (line_.empty()) {
        state_ = State::finished;
        return true;
    }
    Field field;
    if (!parse_field_line(line_.data(), 0, line_.size(), field)) return false;
    const auto is_wanted = [&] {
        return wanted == nullptr || std::any_of(wanted->begin(), wanted->end(), [&](const std::string& name) {
                   return equals_lower(field.name.of(line_.data()), name);
               });
    };
    if (trailers != nullptr && may_follow(field.id) && is_wanted()) {
        *trailers += line_;
        *trailers += "\r\n";
    }
    line_.clear();
    return true;
}

}  // namespace switchyard::http
