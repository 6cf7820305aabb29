// A lane of a connection that has many and frames their octets itself (HTTP/2), as Lane and its writer see it.
//
// Octets of a body that have come stay with the connection until they are taken; what goes is put into the connection's
//   block in whole frames, or waits with the lane that offers it. A lane that was told to wait is woken at its turn.
// Threads: one worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/net/buffer_pool.h"
#include "proxy/serve/run.h"

namespace switchyard::serve {

class Frames {
  public:
    enum class Came : std::uint8_t { here, wait, failed };
    // The octets that are here in one piece; `last`: the body ends with them.
    virtual Came pull(Run& run) = 0;
    virtual void take(std::size_t octets) = 0;
    // So many octets, all that there will be, into `to`; false: they are not here yet.
    virtual bool take_whole(std::size_t octets, net::Buffer& to) = 0;
    // The trailers that came behind the body, "name: value" CRLF each.
    virtual std::string_view trailers() const = 0;

    enum class Put : std::uint8_t { out, wait, failed };
    // All or nothing. `head` in the words of HTTP/1, with its empty line.
    virtual Put put_head(std::string_view head, bool end, std::uint64_t& sent) = 0;
    virtual Put put_trailers(std::string_view lines, std::uint64_t& sent) = 0;
    // Takes what goes now off `octets`; `out` when all of it went. `end`: nothing comes behind it.
    virtual Put put_data(std::string_view& octets, bool end, std::uint64_t& sent) = 0;

  protected:
    ~Frames() = default;
};

}  // namespace switchyard::serve
