// A secret that goes with calls, read again for each: who hands it out exchanges it. One in a file is read beside, for
// a disk that hangs.
//
// Threads: that of the executor. `done` is called from the loop, never from inside read(), and never after the
//   destructor. Errors: no value, and why.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/model.h"
#include "control/net/patient_read.h"

namespace switchyard::control::net {

class Credential {
  public:
    using Done = std::function<void(std::optional<std::string> value, std::string why)>;

    Credential(const boost::asio::any_io_executor& executor, config::Secret secret);
    void read(Done done);

  private:
    struct Value {
        std::optional<std::string> text;
        std::string why;
    };
    const boost::asio::any_io_executor executor_;
    const config::Secret secret_;
    PatientRead<Value> file_;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace switchyard::control::net
