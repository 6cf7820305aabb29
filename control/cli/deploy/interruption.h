// SIGINT and SIGTERM, once: the release is taken back in order. The second one ends the program as it always would;
// what was not confirmed the proxy takes back by itself.
#pragma once

namespace switchyard::control::cli::deploy {

void heed_interruptions();
// The signal that came; 0: none.
int interruption();

}  // namespace switchyard::control::cli::deploy
