// What the handlers of the admin API work on, by what each of them is for: a handler names its desk, and what is not on
// it, it cannot touch. The few that show all there is – status, metrics, upstreams – name the Context itself.
//
// Owns nothing: a desk is as good as the Context that it was made of, and is copied into what goes on after a handler.
// Threads: control.
#pragma once

#include "control/admin/call/context.h"

namespace switchyard::control {

// The configuration in force, to be read.
struct InForceDesk {
    InForceDesk(const Context& c) : controller(c.controller) {}
    const Controller& controller;
};

// Changes of it: edits, undo, confirmation.
struct ChangeDesk {
    ChangeDesk(const Context& c) : controller(c.controller) {}
    Controller& controller;
};

// Whole documents: read beside control's thread, and with the certificates that are in their files now.
struct DocumentDesk {
    DocumentDesk(const Context& c) : controller(c.controller), aside(c.aside), certificates(c.certificates) {}
    Controller& controller;
    LongWork& aside;
    Certificates& certificates;
};

// What was: generations and the audit. Long looks at them are cut into slices on the loop.
struct HistoryDesk {
    HistoryDesk(const Context& c) : controller(c.controller), store(c.controller.store()), executor(c.executor) {}
    const Controller& controller;
    Store& store;
    boost::asio::any_io_executor executor;
};

// Rollouts, and switches that one of them watches.
struct RolloutDesk {
    RolloutDesk(const Context& c) : controller(c.controller), rollouts(c.rollouts) {}
    Controller& controller;
    rollout::Rollouts& rollouts;
};

// The book of releases, and taking one back.
struct ReleaseDesk {
    ReleaseDesk(const Context& c) : controller(c.controller), releases(c.releases) {}
    Controller& controller;
    release::Releases& releases;
};

// Certificates, and those that are asked for.
struct CertificateDesk {
    CertificateDesk(const Context& c) : controller(c.controller), certificates(c.certificates), acme(c.acme) {}
    const Controller& controller;
    Certificates& certificates;
    acme::Acme& acme;
};

// Sessions of browsers, and who has guessed too often.
struct SessionDesk {
    SessionDesk(Context& c) : controller(c.controller), sessions(c.sessions), failed(c.failed) {}
    const Controller& controller;
    BrowserSessions& sessions;
    FailedAttempts& failed;
};

// What would become of a request.
struct ExplainDesk {
    ExplainDesk(const Context& c) : controller(c.controller), discovery(c.discovery) {}
    const Controller& controller;
    const discovery::Discovery& discovery;
};

// What the last minutes were like.
struct SeriesDesk {
    SeriesDesk(const Context& c) : series(c.series), registry(c.registry) {}
    Series& series;
    const Registry& registry;
};

}  // namespace switchyard::control
