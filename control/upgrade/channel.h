// One end of the line between two processes of which one takes the other's place: messages (wire.h) over a socket that
// keeps packets apart (SOCK_SEQPACKET).
//
// Life: receive() waits, for a process that has nothing else to do yet; listen() is told of what comes on an executor.
// Errors: a line that is dead, or on which something came that is no message, is heard of once, as its end.
// Threads: control. Owns: the descriptor, and those that came and were not taken.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
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
    // The other side reads at once or is not well: a message that it does not take in this time is the end.
    static constexpr std::chrono::milliseconds kSendWait{500};

    explicit Channel(switchyard::net::Descriptor socket);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    bool is_open() const { return socket_.is_open(); }
    int descriptor() const { return socket_.get(); }
    // Descriptors stay the caller's.
    bool send(const Json& message, const std::vector<int>& descriptors = {});
    // The same without waiting: false where the other side has not read what was sent before. For what may be lost.
    bool offer(const Json& message);
    Result<Message> receive(std::chrono::milliseconds within);

    using OnMessage = std::function<void(Message)>;
    using OnEnd = std::function<void(const std::string& why)>;
    // Neither is called from within. Once.
    void listen(const boost::asio::any_io_executor& executor, OnMessage message, OnEnd end);
    // Nothing is heard any more, and what comes waits for whoever has a copy of the descriptor. Of a message that has
    // come in part the rest is read first: nobody else could make anything of it.
    std::optional<Message> rest();
    void close();

  private:
    bool send_within(const Json& message, const std::vector<int>& descriptors, std::chrono::milliseconds first_wait);
    // Nothing: there is no whole message yet.
    Result<std::optional<Message>> take();
    void wait();

    switchyard::net::Descriptor socket_;
    Assembly assembly_;
    std::vector<switchyard::net::Descriptor> came_;
    std::unique_ptr<boost::asio::posix::stream_descriptor> watch_;
    OnMessage on_message_;
    OnEnd on_end_;
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace switchyard::control::upgrade
