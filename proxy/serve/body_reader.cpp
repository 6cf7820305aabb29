#include "proxy/serve/body_reader.h"

#include <algorithm>

#include "proxy/serve/frames.h"

namespace switchyard::serve {

using Kind = http::Body::Kind;

namespace {

// Of the lines "name: value" CRLF those whose names are wanted; null: all.
void keep_wanted(std::string_view lines, const std::vector<std::string>* wanted, std::string& kept) {
    if (wanted == nullptr) return void(kept += lines);
    while (!lines.empty()) {
        const auto end = lines.find("\r\n") + 2;
        const auto name = lines.substr(0, lines.find(':'));
        if (std::ranges::find(*wanted, name) != wanted->end()) kept += lines.substr(0, end);
        lines.remove_prefix(end);
    }
}

}  // namespace

void BodyReader::start_decoder(Trailers* trailers) {
    decoder_ = {};
    if (trailers == nullptr) return;
    decoder_.trailers = &trailers->lines;
    decoder_.wanted = trailers->all ? nullptr : &trailers->wanted;
}

Pull BodyReader::next(net::Buffer& buffer, bool spare_broken, Run& run) {
    switch (body_.kind) {
        case Kind::none:
            return Pull::wait;
        case Kind::length: {
            if (buffer.empty()) return Pull::wait;
            const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), body_.length));
            body_.length -= take;
            framed_ = take;
            run = {buffer.data(), take, body_.length == 0};
            break;
        }
        case Kind::chunked:
            if (const Pull pull = next_chunks(buffer, spare_broken, run); pull != Pull::here) return pull;
            break;
        case Kind::until_close:
            if (buffer.empty() && !ended_) return Pull::wait;
            framed_ = buffer.size();
            run = {buffer.data(), framed_, ended_};
            break;
    }
    touched_ = touched_ || framed_ > 0;
    run_ = run.size;
    body_bytes_ += run.size;
    return limit_ != 0 && body_bytes_ > limit_ ? Pull::too_large : Pull::here;
}

Pull BodyReader::next_chunks(net::Buffer& buffer, bool spare_broken, Run& run) {
    if (broken_) return Pull::bad;
    if (buffer.empty()) return Pull::wait;
    const auto fed = decoder_.feed({buffer.data(), buffer.size()});
    touched_ = true;
    if (fed.outcome == http::ChunkedDecoder::Outcome::bad) {
        broken_ = true;
        if (fed.data == 0 || !spare_broken) return Pull::bad;
        framed_ = buffer.size();
        run = {buffer.data(), fed.data, false};
        return Pull::here;
    }
    const bool last = fed.outcome == http::ChunkedDecoder::Outcome::done;
    if (fed.data == 0 && !last) {
        buffer.consume(fed.consumed);
        return Pull::wait;
    }
    framed_ = fed.consumed;
    run = {buffer.data(), fed.data, last};
    return Pull::here;
}

Pull BodyReader::pull(net::Stream& stream, net::Buffer& buffer, TurnBudget& budget, bool flows, bool spare_broken,
                      Run& run) {
    for (;;) {
        if (const Pull pull = next(buffer, spare_broken, run); pull != Pull::wait) return pull;
        if (!stream.readable) {
            let_long_go(buffer);
            return Pull::wait;
        }
        if (budget.over()) return Pull::others_turn;
        if (flows && budget.untouched() && much_to_come() && buffer.empty() && stream.tls() == nullptr)
            buffer.lengthen();  // what comes by TLS comes a record at a time
        auto room = buffer.room();
        room = room.first(std::min(room.size(), buffer.is_long() ? TurnBudget::kLongOctets : piece_));
        const auto got = stream.read(room);
        budget.moved(got.bytes);
        filled_ = got.bytes == room.size();
        switch (got.status) {
            case net::Transfer::Status::done:
                buffer.filled(got.bytes);
                break;
            case net::Transfer::Status::again:
                break;
            case net::Transfer::Status::closed:
                if (body_.kind != Kind::until_close || stream.truncated()) return Pull::closed;
                ended_ = true;
                break;
            case net::Transfer::Status::failed:
                return Pull::failed;
        }
    }
}

Pull BodyReader::pull(Frames& frames, Run& run) {
    switch (frames.pull(run)) {
        case Frames::Came::here:
            break;
        case Frames::Came::wait:
            return Pull::wait;
        case Frames::Came::failed:
            return Pull::failed;
    }
    touched_ = touched_ || run.size > 0;
    body_bytes_ += run.size;
    if (run.last && decoder_.trailers != nullptr) keep_wanted(frames.trailers(), decoder_.wanted, *decoder_.trailers);
    return limit_ != 0 && body_bytes_ > limit_ ? Pull::too_large : Pull::here;
}

}  // namespace switchyard::serve
