// Puts the framing of an HTTP/1 body around its runs (plain, chunked) and writes them to a stream. The head goes out in
// the same system call as the first octets.
//
// Invariants: what has once been offered is owed: the size of a chunk may have gone out before its octets.
// Threads: one worker. Owns nothing; head, runs and trailers stay where they are until they are out.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/net/stream.h"
#include "proxy/serve/run.h"
#include "proxy/serve/trailers.h"

namespace switchyard::serve {

class Frames;

// What became of what was offered.
enum class Push : std::uint8_t {
    out,   // everything, framing included
    wait,  // the rest must be offered again when there is room
    failed,
};

// How a body is written: as it is (length or until close), or chunked.
enum class Coding : std::uint8_t { plain, chunked };

class BodyWriter {
  public:
    // `trailers`: go out behind a chunked body; null: none do.
    void start(Coding coding, std::string_view head, Trailers* trailers) {
        coding_ = coding;
        head_left_ = head;
        trailers_ = trailers;
        size_left_ = tail_left_ = {};
        framed_ = ended_ = held_ = false;
        sent_bytes_ = 0;
    }
    // Writes what goes now and takes it off the run. One without octets that is not the last is the head alone.
    // `more`: another run follows at once, and the kernel may hold what has gone until then.
    Push push(net::Stream& stream, Run& run, bool more);
    // To a lane whose framing is its connection's. The head's text ends with its empty line; a small body stands
    // behind.
    Push push(Frames& frames, Run& run);

    // The head, or what the kernel holds, would wait for the next run: where none is here, an empty one takes it out.
    bool waits_for_run() const { return held_ || !head_left_.empty(); }
    std::uint64_t sent_bytes() const { return sent_bytes_; }  // head and framing included

  private:
    void frame(std::size_t octets, bool last);
    Push push_pieces(net::Stream& stream, Run& run, bool more);
    void let_go(const net::Stream& stream);

    Coding coding_ = Coding::plain;
    bool framed_ = false;  // around the run that is offered; with frames: the head is out
    bool ended_ = false;   // with frames: the last one is out
    bool held_ = false;    // the last write said that more follows
    std::string_view head_left_, size_left_, tail_left_;
    std::array<char, 20> size_line_;
    Trailers* trailers_ = nullptr;  // their lines are framed where they stand
    std::uint64_t sent_bytes_ = 0;
};

}  // namespace switchyard::serve
