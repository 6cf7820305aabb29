// A body on its way through a coder: runs of what the endpoint sends go in, runs of what the client gets come out.
//
// Invariants: one block of coded octets at a time, which is out before anything more is coded (back-pressure).
// Threads: one worker. Owns: the coder, as long as it lives, and the block.
#pragma once

#include <cstdint>
#include <memory>

#include "proxy/compress/coder_shelf.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/serve/run.h"

namespace switchyard::serve {

class CodedBody {
  public:
    // `streams`: what has come is not to wait for what comes.
    CodedBody(net::BufferPool& pool, compress::CoderShelf& shelf, std::unique_ptr<compress::Coder> coder, bool streams)
        : block_(pool), shelf_(shelf), coder_(std::move(coder)), streams_(streams) {}
    ~CodedBody() { shelf_.give(std::move(coder_)); }
    CodedBody(const CodedBody&) = delete;
    CodedBody& operator=(const CodedBody&) = delete;

    // Codes what goes of the run, at most so many octets, and takes it off. False: there is no memory.
    bool code(Run& run, std::size_t most);
    // Nothing more is here. Whether something of what was coded ought to go out now, after flush().
    bool rests(bool for_good) const { return !block_.empty() || ((streams_ || for_good) && holds_); }
    bool flush(bool for_good);
    bool flushing() const { return flushing_; }

    // What is to go out, where it is offered; taken() when it has gone.
    bool offered() const { return offered_; }
    Run& out() { return out_; }
    void taken();
    bool ended() const { return ended_ && !offered_; }

    std::uint64_t octets_in() const { return in_; }
    std::uint64_t octets_out() const { return made_; }

  private:
    void offer();
    bool step(std::string_view octets, compress::Coder::Then then, compress::Coder::Step& step);

    net::Buffer block_;
    compress::CoderShelf& shelf_;
    std::unique_ptr<compress::Coder> coder_;
    Run out_;
    bool streams_;
    bool holds_ = false;     // the coder has what was not flushed
    bool flushing_ = false;  // and is about to give it
    bool offered_ = false;
    bool ended_ = false;
    std::uint64_t in_ = 0, made_ = 0;
};

}  // namespace switchyard::serve
