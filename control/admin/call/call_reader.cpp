#include "control/admin/call/call_reader.h"

#include <algorithm>
#include <utility>

#include "control/admin/call/route_table.h"
#include "proxy/http/target.h"

namespace switchyard::control {
namespace {

Problem too_large() {
    return {413, "too-large", "a call's body may have at most 8 MiB"};
}

void read_query(std::string_view query, AdminRequest& out) {
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = percent_decoded(pair.substr(0, equals));
        if (!out.query.try_emplace(name, percent_decoded(pair.substr(std::min(equals + 1, pair.size())))).second)
            out.repeated = std::move(name);
    }
}

}  // namespace

CallReader::Outcome CallReader::refuse(Problem problem) {
    problem_ = std::move(problem);
    return Outcome::refused;
}

CallReader::Outcome CallReader::feed(std::string& bytes) {
    if (!has_head_)
        if (const auto outcome = read_head(bytes); outcome != Outcome::done) return outcome;
    return read_body(bytes);
}

CallReader::Outcome CallReader::read_head(std::string& bytes) {
    using Parsed = http::HeadParser::Outcome;
    if (const auto empty = http::HeadParser::skip_empty_lines(bytes); empty > 0) {
        bytes.erase(0, empty);
        parser_.reset();
    }
    switch (parser_.request(bytes, head_)) {
        case Parsed::more:
            return Outcome::more;
        case Parsed::done:
            break;
        case Parsed::bad:
            return refuse(problems::bad_request("this is not an HTTP/1.1 request that everybody reads in one way"));
        case Parsed::target_long:
            return refuse({414, "target-too-long", "a call's first line may have at most 16 KiB"});
        case Parsed::too_large:
            return refuse({431, "head-too-large", "a call's head may have at most 16 KiB"});
        case Parsed::bad_version:
            return refuse({505, "bad-version", "the admin API speaks HTTP/1.1 and HTTP/1.0"});
    }
    guarded_ = http::guard_request(bytes.data(), head_);
    if (guarded_.refused != nullptr)
        return refuse({guarded_.status, "bad-request", std::string("this request is refused: ") + guarded_.refused});
    const auto target = http::read_target(bytes.data(), head_);
    if (target.refused != nullptr)
        return refuse(problems::bad_request(std::string("this request is refused: ") + target.refused));
    if (guarded_.body.kind == http::Body::Kind::length && guarded_.body.length > most_) return refuse(too_large());
    take_head(bytes);
    bytes.erase(0, head_.size);
    has_head_ = true;
    return Outcome::done;
}

void CallReader::take_head(const std::string& bytes) {
    const char* base = bytes.data();
    const auto target = http::read_target(base, head_);
    call_.method = head_.method.of(base);
    call_.path = target.path;
    read_query(target.query, call_);
    for (std::uint16_t i = 0; i < head_.field_count; ++i) {
        std::string name(head_.fields[i].name.of(base));
        for (auto& c : name) c = http::lower(c);
        const std::string value(head_.fields[i].value.of(base));
        // Of a field that is there twice no value is passed over: it is a list.
        if (const auto [at, first] = call_.headers.try_emplace(std::move(name), value); !first)
            at->second.append(", ").append(value);
    }
}

CallReader::Outcome CallReader::read_body(std::string& bytes) {
    switch (guarded_.body.kind) {
        case http::Body::Kind::none:
        case http::Body::Kind::until_close:
            return Outcome::done;
        case http::Body::Kind::length: {
            const auto wanted = static_cast<std::size_t>(guarded_.body.length) - call_.body.size();
            const auto size = std::min(wanted, bytes.size());
            call_.body.append(bytes, 0, size);
            bytes.erase(0, size);
            return size == wanted ? Outcome::done : Outcome::more;
        }
        case http::Body::Kind::chunked:
            break;
    }
    const auto fed = chunks_.feed({bytes.data(), bytes.size()});
    if (fed.outcome == http::ChunkedDecoder::Outcome::bad)
        return refuse(problems::bad_request("this request is refused: its chunks are malformed"));
    call_.body.append(bytes, 0, fed.data);
    bytes.erase(0, fed.consumed);
    if (call_.body.size() > most_) return refuse(too_large());
    return fed.outcome == http::ChunkedDecoder::Outcome::done ? Outcome::done : Outcome::more;
}

}  // namespace switchyard::control
