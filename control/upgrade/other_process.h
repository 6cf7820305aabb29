// The process that is to take this one's place, as far as this one can end it: one that was started here (child.h), or
// one that has come by itself (newcomer.h).
//
// Threads: control.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

namespace switchyard::control::upgrade {

class OtherProcess {
  public:
    struct End {
        std::string how;
        bool gone = true;  // nothing of it is left
    };

    virtual ~OtherProcess() = default;
    // 0: it cannot be seen from here.
    virtual pid_t pid() const = 0;
    // Ends it, at once or where it has not ended by itself in this time. One that can only be told to is waited for
    // as long as `farewell`.
    virtual End end(std::chrono::milliseconds patience, std::chrono::milliseconds farewell) = 0;
    // It goes its own way.
    virtual void let_go() = 0;
};

}  // namespace switchyard::control::upgrade
