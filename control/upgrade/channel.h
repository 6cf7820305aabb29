// One end of the line between two processes of which one takes the other's place: messages (wire.h) over a socket that
// keeps packets apart (SOCK_SEQPACKET).
//
// Life: receive() waits, for a process that has nothing else to do yet; listen() is told of what comes on an executor.
// What the other side does not take at once waits here in order, and is written when it does: from listen() on nothing
// but flush() and rest() stands still for it.
// Errors: a line that is dead, or on which something came that is no message, is heard of once, as its end.
// Invariants: a message that has begun is never given up for another one.
// Threads: control. Owns: the descriptor, what waits, and descriptors that came and were not taken.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/base/result.h"
#include "control/upgrade/wire.h"
#include "proxy/net/descriptor.h"

namespace switchyard::control::upgrade {

struct Message {
    Json body;
    std::vector<switchyard::net::Descriptor> descriptors;
    std::string type() const { return body.value("type", ""); }
};

class Channel {
  public:
    // Where something is waited for: the other side takes a packet in this time or is not well.
    static constexpr std::chrono::milliseconds kSendWait{500};
    // Of what may be lost: some reports of a thousand routes each, more than a side that is well ever leaves unread.
    static constexpr std::size_t kMostOffered = std::size_t{8} * 1024 * 1024;
    // Of everything: a side that has left so much unread does not read any more, and memory is not for it.
    static constexpr std::size_t kMostWaiting = kLongest;

    explicit Channel(switchyard::net::Descriptor socket);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    bool is_open() const { return socket_.is_open(); }
    int descriptor() const { return socket_.get(); }
    // Returns at once, but before listen(), where nothing else would write it: then it waits itself. Descriptors stay
    // the caller's. False: it is not on its way.
    bool send(const Json& message, const std::vector<int>& descriptors = {});
    // The same for what may be lost: false, and nothing of it is sent, where more than kMostOffered waits.
    bool offer(const Json& message);
    // Stands still until nothing waits: for what has to be out before something else happens. False: the other side
    // took nothing for kSendWait, or not all of it within `most`.
    bool flush(std::chrono::milliseconds most);
    Result<Message> receive(std::chrono::milliseconds within);

    using OnMessage = std::function<void(Message)>;
    using OnEnd = std::function<void(const std::string& why)>;
    // Neither is called from within. Once.
    void listen(const boost::asio::any_io_executor& executor, OnMessage message, OnEnd end);
    // Nothing is heard any more, and what comes waits for the holder of a copy of the descriptor. Of a message that has
    // come in part the rest is read first, and what waits is written: no other process could make anything of it.
    std::optional<Message> rest();
    void close();

  private:
    struct Outgoing {
        std::string bytes;
        std::vector<int> descriptors;
        std::vector<switchyard::net::Descriptor> own;  // the same, from when it waits
    };
    // All that is taken now. False: the line is dead, and nothing waits any more.
    bool write();
    bool own_descriptors();
    void give_up();
    void wait_to_write();
    struct Incoming {
        std::string bytes;
        std::size_t descriptors = 0;
    };
    // Nothing: there is none yet.
    Result<std::optional<Incoming>> take_packet();
    // Nothing: there is no whole message yet.
    Result<std::optional<Message>> take();
    void wait();
    void hear_no_more();

    switchyard::net::Descriptor socket_;
    std::deque<Outgoing> out_;
    std::size_t waiting_ = 0;  // octets of it
    bool waits_to_write_ = false;
    Assembly assembly_;
    std::vector<switchyard::net::Descriptor> came_;
    std::unique_ptr<boost::asio::posix::stream_descriptor> watch_;
    OnMessage on_message_;
    OnEnd on_end_;
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace switchyard::control::upgrade
