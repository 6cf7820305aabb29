include(${SWITCHYARD_DEPLOY}/places.cmake)
set(CONFDIR ${SYSCONFDIR}/switchyard)

set(OF_INSTANCE "")
set(FILE switchyard)
set(STATE switchyard)
install_filled(systemd/switchyard.service.in ${UNITDIR}/switchyard.service)
set(OF_INSTANCE " (%i)")
set(FILE %i)
set(STATE switchyard-%i)
install_filled(systemd/switchyard.service.in ${UNITDIR}/switchyard@.service)

install_conffile(etc/switchyard.json ${CONFDIR}/switchyard.json)
install_conffile(etc/logrotate ${SYSCONFDIR}/logrotate.d/switchyard)
