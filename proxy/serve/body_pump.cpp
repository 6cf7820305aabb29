#include "proxy/serve/body_pump.h"

#include <algorithm>
#include <charconv>

namespace switchyard::serve {

using Step = BodyPump::Step;
using Kind = http::Body::Kind;

void BodyPump::start(const http::Body& body, Coding coding, std::string_view lead, std::uint64_t limit) {
    body_ = body;
    coding_ = coding;
    lead_left_ = lead;
    limit_ = limit;
    decoder_ = {};
    decoder_.trailers = trailers;
    decoder_.wanted = wanted_trailers;
    chunk_head_size_ = chunk_head_sent_ = data_ = data_sent_ = consumed_ = 0;
    tail_left_ = {};
    piece_ = last_ = source_ended_ = finished_ = touched_ = broken_ = false;
    body_bytes_ = sent_bytes_ = 0;
    // The lead alone is a piece, and the last one when there is no body.
    if (body.empty()) piece_ = last_ = true;
}

// Lays the framing around `data` octets that stand at the front of the buffer.
void BodyPump::frame(std::size_t data, bool last) {
    data_ = data;
    data_sent_ = 0;
    last_ = last;
    piece_ = true;
    chunk_head_size_ = chunk_head_sent_ = 0;
    tail_left_ = {};
    if (coding_ == Coding::plain) return;
    if (data > 0) {
        char* end = std::to_chars(chunk_head_.data(), chunk_head_.data() + 16, data, 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        chunk_head_size_ = static_cast<std::size_t>(end - chunk_head_.data());
    }
    if (!last) {
        tail_left_ = "\r\n";
    } else if (trailers != nullptr && !trailers->empty()) {
        tail_text_ = (data > 0 ? "\r\n0\r\n" : "0\r\n") + *trailers + "\r\n";
        tail_left_ = tail_text_;
    } else {
        tail_left_ = data > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n";
    }
}

bool BodyPump::prepare(net::Buffer& buffer, Step& stop) {
    switch (body_.kind) {
        case Kind::none:
            break;
        case Kind::length: {
            if (buffer.empty()) return false;
            const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), body_.length));
            touched_ = true;
            body_.length -= take;
            body_bytes_ += take;
            consumed_ = take;
            frame(take, body_.length == 0);
            break;
        }
        case Kind::chunked: {
            if (broken_) {
                stop = Step::source_bad;
                return false;
            }
            if (buffer.empty()) return false;
            const auto fed = decoder_.feed({buffer.data(), buffer.size()});
            touched_ = true;
            body_bytes_ += fed.data;
            if (fed.outcome == http::ChunkedDecoder::Outcome::bad) {
                // What came before the fault is data all the same, and goes out first; but not where nothing has gone
                // out yet, and the whole can still be refused in words.
                broken_ = true;
                if (fed.data == 0 || sent_bytes_ == 0) {
                    stop = Step::source_bad;
                    return false;
                }
                consumed_ = buffer.size();
                frame(fed.data, false);
                break;
            }
            const bool last = fed.outcome == http::ChunkedDecoder::Outcome::done;
            if (fed.data == 0 && !last) {
                buffer.consume(fed.consumed);
                return false;
            }
            consumed_ = fed.consumed;
            frame(fed.data, last);
            break;
        }
        case Kind::until_close:
            if (buffer.empty() && !source_ended_) return false;
            consumed_ = buffer.size();
            touched_ = touched_ || consumed_ > 0;
            body_bytes_ += consumed_;
            frame(consumed_, source_ended_);
            break;
    }
    if (limit_ != 0 && body_bytes_ > limit_) {
        stop = Step::too_large;
        return false;
    }
    return true;
}

Step BodyPump::flush(net::Buffer& buffer, net::Stream& sink) {
    for (;;) {
        std::array<iovec, 4> pieces;
        std::size_t count = 0, total = 0;
        auto put = [&](const char* bytes, std::size_t size) {
            if (size == 0) return;
            pieces[count++] = {const_cast<char*>(bytes), size};
            total += size;
        };
        put(lead_left_.data(), lead_left_.size());
        if (piece_) {
            put(chunk_head_.data() + chunk_head_sent_, chunk_head_size_ - chunk_head_sent_);
            put(buffer.data() + data_sent_, data_ - data_sent_);
            put(tail_left_.data(), tail_left_.size());
        }
        if (total == 0) {
            if (consumed_ > 0) buffer.consume(consumed_);
            consumed_ = data_ = data_sent_ = 0;
            const bool over = piece_ && last_;
            piece_ = false;
            return over ? Step::done : Step::wait_source;
        }
        if (!sink.writable) return Step::wait_sink;
        const auto wrote = count == 1 ? sink.write(static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len)
                                      : sink.write(std::span(pieces.data(), count));
        if (wrote.status == net::Transfer::Status::again) return Step::wait_sink;
        if (wrote.status != net::Transfer::Status::done) return Step::sink_failed;
        sent_bytes_ += wrote.bytes;
        std::size_t left = wrote.bytes;
        auto took = [&left](std::size_t size) {
            const std::size_t n = std::min(left, size);
            left -= n;
            return n;
        };
        lead_left_.remove_prefix(took(lead_left_.size()));
        if (piece_) {
            chunk_head_sent_ += took(chunk_head_size_ - chunk_head_sent_);
            data_sent_ += took(data_ - data_sent_);
            tail_left_.remove_prefix(took(tail_left_.size()));
        }
    }
}

Step BodyPump::step(net::Stream& source, net::Buffer& buffer, net::Stream& sink, TurnBudget& budget) {
    if (finished_) return Step::done;
    for (;;) {
        if (piece_ || (!lead_left_.empty() && buffer.empty() && !source.readable)) {
            const Step step = flush(buffer, sink);
            if (step == Step::done) {
                finished_ = true;
                return step;
            }
            if (step != Step::wait_source) return step;
        }
        Step stop = Step::wait_source;
        if (prepare(buffer, stop)) continue;
        if (stop != Step::wait_source) return stop;
        if (!source.readable) {
            if (!lead_left_.empty()) continue;
            return Step::wait_source;
        }
        if (budget.over()) return Step::others_turn;
        const auto got = source.read(buffer.room());
        budget.moved(got.bytes);
        switch (got.status) {
            case net::Transfer::Status::done:
                buffer.filled(got.bytes);
                break;
            case net::Transfer::Status::again:
                break;
            case net::Transfer::Status::closed:
                if (body_.kind != Kind::until_close) return Step::source_closed;
                source_ended_ = true;
                break;
            case net::Transfer::Status::failed:
                return Step::source_failed;
        }
    }
}

}  // namespace switchyard::serve
