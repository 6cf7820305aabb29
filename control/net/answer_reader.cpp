#include "control/net/answer_reader.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

namespace switchyard::control::net {
namespace {

using Kind = http::Body::Kind;

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

std::string too_large(std::size_t most) {
    return "the answer is larger than " +
           (most < 1024 ? std::to_string(most) + " bytes" : std::to_string(most / 1024) + " KiB");
}

}  // namespace

std::map<std::string, std::string> headers_of(const char* octets, const http::Head& head) {
    std::map<std::string, std::string> out;
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        out[lowered(head.fields[i].name.of(octets))] = std::string(head.fields[i].value.of(octets));
    return out;
}

AnswerReader::Outcome AnswerReader::refuse(std::string why) {
    why_ = std::move(why);
    return Outcome::refused;
}

AnswerReader::Outcome AnswerReader::feed(std::string& octets, std::size_t most) {
    begun_ = begun_ || !octets.empty();
    if (!has_head_)
        if (const auto outcome = read_head(octets); outcome != Outcome::done) return outcome;
    if (head_only_) return Outcome::done;
    return read_body(octets, most);
}

AnswerReader::Outcome AnswerReader::ended() const {
    return has_head_ && framing_.kind == Kind::until_close ? Outcome::done : Outcome::more;
}

AnswerReader::Outcome AnswerReader::read_head(std::string& octets) {
    for (;;) {
        auto& head = head_;
        const auto outcome = parser_.response(octets, head);
        if (outcome == http::HeadParser::Outcome::more) return Outcome::more;
        if (outcome != http::HeadParser::Outcome::done)
            return refuse("the answer is refused: its head is malformed or too large");
        const auto guarded = http::guard_response(octets.data(), head, method_);
        if (guarded.refused != nullptr) return refuse(std::string("the answer is refused: ") + guarded.refused);
        if (head.status >= 200) {
            framing_ = guarded.body;
            keep_alive_ = guarded.keep_alive;
            take_head(octets, head);
        }
        octets.erase(0, head.size);
        if (has_head_) return Outcome::done;
        parser_.reset();  // an interim answer: the one that counts is still to come
    }
}

void AnswerReader::take_head(const std::string& octets, const http::Head& head) {
    has_head_ = true;
    status_ = head.status;
    headers_ = headers_of(octets.data(), head);
}

AnswerReader::Outcome AnswerReader::read_body(std::string& octets, std::size_t most) {
    bool ended = framing_.kind == Kind::none;
    if (framing_.kind == Kind::length) {
        if (most != kNoLimit && framing_.length > most) return refuse(too_large(most));
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(framing_.length - seen_, octets.size()));
        body_.append(octets, 0, part);
        octets.erase(0, part);
        seen_ += part;
        ended = seen_ == framing_.length;
    } else if (framing_.kind == Kind::chunked) {
        const auto got = chunks_.feed(octets);
        if (got.outcome == http::ChunkedDecoder::Outcome::bad)
            return refuse("the answer is refused: its chunks are malformed");
        body_.append(octets, 0, got.data);
        octets.erase(0, got.consumed);
        ended = got.outcome == http::ChunkedDecoder::Outcome::done;
    } else if (framing_.kind == Kind::until_close) {
        body_ += octets;
        octets.clear();
    }
    if (body_.size() > most) return refuse(too_large(most));
    return ended ? Outcome::done : Outcome::more;
}

}  // namespace switchyard::control::net
