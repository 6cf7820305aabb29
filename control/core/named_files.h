// The files that a configuration names – certificates and their like –, as the controller asks about them: one that a
// change is the first to name, or that a return comes back to.
//
// Threads: control, which never waits for a disk. Without any such files: the defaults here.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/model/forward.h"

namespace switchyard::control {

class NamedFiles {
  public:
    virtual ~NamedFiles() = default;
    // What only the disk knows of this model is found beside this thread, then `then` is called: at once where there is
    // nothing to find.
    virtual void read_first(const config::Model&, std::function<void()> then) { then(); }
    // `earlier` is about to be returned to from `now`: what of it cannot be used any more (a certificate that has
    // expired, or is gone) stays as it is now. Answers that in words.
    virtual std::vector<std::string> fit_for_return(config::Model& earlier, const config::Model& now) = 0;
    // Such a return is over, made or refused: what it was let do without is no later change's.
    virtual void return_over() {}
};

}  // namespace switchyard::control
