#include "refusal.h"

#include "diag.h"

void
refusal_check(const struct kubeconfig *config, const struct failure *f,
    const struct http_request *r)
{
	if (http_is_distrust(r))
		diag_die(EXIT_PERMANENT,
		    "%s cannot be trusted: %s: correct "
		    "the certificate-authority (or the client certificate) of "
		    "context '%s' in %s",
		    config->server, http_why(r), config->context,
		    config->source);
	if (f->class == IN_AUTH)
		diag_die(EXIT_PERMANENT,
		    "%s does not accept the credentials "
		    "of context '%s' in %s (%s): renew the token or the "
		    "certificate there",
		    config->server, config->context, config->source, f->why);
}

const char *
refusal_hint(const struct http_request *r)
{
	return r->result == CURLE_OK ?
	    "" :
	    " (is it running, and is this its address?)";
}
