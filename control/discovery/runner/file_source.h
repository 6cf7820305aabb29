// A file that some program writes: the door for every registry that is not built in.
//
// Looked at every kLook, read when it has become another version; its writer renames a whole one over it. A torn
// file, a missing one, one that is too large and a disk that does not answer are no answer. Looked at and read beside
// control's thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "control/discovery/runner/source.h"
#include "control/net/patient_read.h"

namespace switchyard::control::discovery {

class FileSource final : public EndpointSource {
  public:
    static constexpr std::chrono::milliseconds kLook{200};
    static constexpr std::size_t kMostBytes = 4 << 20;  // ten thousand endpoints have about one

    FileSource(const boost::asio::any_io_executor& executor, std::string path);
    void start(Heard heard) override;
    void look() override;

  private:
    struct Seen {
        std::string version;
        std::optional<Sighting> sighting;  // none: it is the version of before
    };
    static Seen see(const std::string& path, const std::string& before, bool wanted);
    void arm(std::chrono::milliseconds pause);
    void look_at_it();

    const std::string path_;
    boost::asio::steady_timer timer_;
    net::PatientRead<Seen> disk_;
    Heard heard_;
    std::string version_;
    bool wanted_ = true;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace switchyard::control::discovery
