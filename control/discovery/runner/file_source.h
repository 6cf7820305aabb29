// A file that some program writes: the door for every registry that is not built in.
//
// Looked at every kLook, read when it has become another version; whoever writes it renames a whole one over it. A torn
// file, a missing one and one that is too large are no answer.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "control/discovery/runner/source.h"

namespace switchyard::control::discovery {

class FileSource final : public Source {
  public:
    static constexpr std::chrono::milliseconds kLook{200};
    static constexpr std::size_t kMostBytes = 4 << 20;  // ten thousand endpoints have about one

    FileSource(const boost::asio::any_io_executor& executor, std::string path);
    void start(Heard heard) override;
    void look() override;

  private:
    void arm();
    void read();

    const std::string path_;
    boost::asio::steady_timer timer_;
    Heard heard_;
    std::string version_;
    bool wanted_ = true;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace switchyard::control::discovery
