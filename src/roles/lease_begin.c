/* How a start of the lease begins: its file, its slot, its number. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/overdue.h"
#include "io/clock.h"
#include "io/log.h"
#include "roles/lease_role.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

static uint64_t random_u64(void)
{
	uint64_t value = 0;

	while (value == 0)
		if (getrandom(&value, sizeof(value), 0) !=
		    (ssize_t)sizeof(value))
			value = 0;
	return value;
}

static int nibble(char digit)
{
	const char *const digits = "0123456789abcdef";
	const char *at = digit == '\0' ? NULL : strchr(digits, digit);

	return at == NULL ? -1 : (int)(at - digits);
}

/* What can't be read is like no other boot. */
void lease_role_find_boot(struct lease_role *role)
{
	char text[64] = "";
	int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
	size_t digits = 0;

	if (fd != -1) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		close(fd);
	}
	for (const char *at = text; *at != '\0'; at++) {
		int value = nibble(*at);

		if (value == -1 || digits == (size_t)2 * LEASE_BOOT_ID)
			continue;
		role->boot_id[digits / 2] =
			(uint8_t)(role->boot_id[digits / 2] << 4 |
				  (unsigned)value);
		digits++;
	}
	if (digits != (size_t)2 * LEASE_BOOT_ID) {
		uint64_t random[2] = { random_u64(), random_u64() };

		memcpy(role->boot_id, random, sizeof(random));
	}
}

static const struct lease_terms *terms(const struct lease_role *role)
{
	return &role->cluster->terms;
}

/* May what an earlier start of the role held be gone on with?  If only to give
 * it back.
 */
static bool goes_on(const struct lease_role *role,
		    const struct lease_kept *kept)
{
	struct lease_time now = clock_lease();

	return kept->in && !overdue_is_over(kept, terms(role), &now) &&
	       (atomic_load(&role->cluster->dead) < kept->generation ||
		atomic_load(&role->cluster->leaving) != 0);
}

/* Can nothing of KEPT be alive?  What had not come to be in held nothing. */
static bool is_settled(const struct lease_role *role,
		       const struct lease_kept *kept)
{
	return kept->generation == 0 || !kept->in ||
	       atomic_load(&role->cluster->dead) >= kept->generation;
}

/* What an earlier start held can't be gone on with. */
static void give_up_kept(struct lease_role *role, enum lease_reason reason)
{
	if (role->shown.kept.over)
		return;
	role->shown.kept.over = true;
	role->shown.kept.standing = LEASE_FOLLOWS;
	cluster_set_lease(role->cluster, &role->shown);
	atomic_store(&role->cluster->reason, reason);
	atomic_fetch_add(&role->cluster->lost, 1);
	log_err(0, "lease: lost generation=%" PRIu64 ": %s",
		role->shown.kept.generation, lease_reason_name(reason));
	lease_role_ring(role, ROLE_SUPERVISOR);
}

static int open_file(struct lease_role *role)
{
	const char *shared = role->heritage->config->shared;
	int rc;

	leasefile_close(&role->file);
	rc = leasefile_make(shared, terms(role), role->told);
	if (rc == 0)
		rc = leasefile_open(&role->file, shared, terms(role),
				    role->told);
	return rc;
}

/* Whose slots are, the file knows as well: were members/ lost, each would take
 * the first that comes.
 */
static int restore_members(struct lease_role *role)
{
	const struct lease_header *header = &role->file.header;
	int rc = leasefile_read(&role->file, header->terms.slots);

	for (uint32_t i = 0; rc == 0 && i < header->terms.slots; i++) {
		struct lease_slot slot;

		lease_slot_decode(&slot, leasefile_block(&role->file, i, 0),
				  leasefile_block(&role->file, i, 1),
				  header->file_id, i);
		if (slot.has_record)
			rc = leasefile_restore(role->heritage->config->shared,
					       header, slot.record.name, i);
	}
	return rc;
}

/* Which slot is ours, and what it shows. */
static int find_slot(struct lease_role *role, struct lease_slot *own,
		     uint32_t *slot)
{
	const struct config *config = role->heritage->config;
	const struct lease_header *header = &role->file.header;
	int rc = restore_members(role);

	if (rc == 0)
		rc = leasefile_slot(config->shared, header, config->node, slot);
	if (rc == -ENOSPC && rc != role->told)
		log_err(0,
			"lease: all %" PRIu32 " slots of %s/lease belong to "
			"other nodes",
			header->terms.slots, config->shared);
	else if (rc == -ESTALE && rc != role->told)
		log_err(0, "lease: %s/members belongs to another lease file",
			config->shared);
	else if (rc != 0 && rc != role->told)
		log_err(rc, "lease: cannot find a slot in %s/members",
			config->shared);
	if (rc != 0)
		return rc;
	rc = leasefile_read(&role->file, *slot + 1);
	if (rc != 0) {
		if (rc != role->told)
			log_err(rc, "lease: cannot read %s/lease",
				config->shared);
		return rc;
	}
	lease_slot_decode(own, leasefile_block(&role->file, *slot, 0),
			  leasefile_block(&role->file, *slot, 1),
			  header->file_id, *slot);
	return 0;
}

/* Is what the slot shows our own, and proven dead?  On this board: by now.
 * Before it: whoever has the lock on STATE has ended all there was.
 */
static bool may_reclaim(const struct lease_role *role,
			const struct lease_slot *own)
{
	return own->state == LEASE_SLOT_SHOWN &&
	       lease_memory_has(role, own->record.incarnation);
}

static int take_number(struct lease_role *role, const struct lease_slot *own,
		       uint32_t slot, uint64_t *number)
{
	const char *shared = role->heritage->config->shared;
	uint64_t above = role->shown.number;
	int rc;

	if (own->has_record && own->record.number > above)
		above = own->record.number;
	rc = leasefile_number(shared, slot, above, number);
	if (rc != 0 && rc != role->told)
		log_err(rc, "lease: cannot take a number in %s/members",
			shared);
	return rc;
}

static void init(struct lease_role *role, const struct lease_setup *setup,
		 bool go_on)
{
	lease_init(&role->lease, setup, go_on ? &role->shown.kept : NULL);
	if (!role->lease.go_on)
		lease_memory_add(role, setup->incarnation);
	role->began = clock_lease();
	role->running = true;
	role->ending = false;
	role->gave_back = false;
	log_info("lease: begins slot=%" PRIu32 " number=%" PRIu64
		 " generation=%" PRIu64 "%s",
		 setup->slot, setup->number, role->lease.kept.generation,
		 role->lease.go_on ? ", goes on"
		 : setup->reclaim  ? ", takes its slot back"
				   : "");
}

int lease_role_begin(struct lease_role *role)
{
	const struct lease_kept *kept = &role->shown.kept;
	struct lease_setup setup = { .incarnation = random_u64() };
	struct lease_slot own;
	bool go_on = goes_on(role, kept);
	int rc;

	if (!go_on && atomic_load(&role->cluster->leaving) != 0)
		return -ESHUTDOWN;
	if (!go_on && !is_settled(role, kept)) {
		give_up_kept(role, LEASE_REASON_LATE);
		return -EBUSY;
	}
	rc = open_file(role);
	if (rc == 0)
		rc = find_slot(role, &own, &setup.slot);
	if (rc == 0)
		rc = take_number(role, &own, setup.slot, &setup.number);
	if (rc != 0)
		return rc;
	setup.terms = role->file.header.terms;
	setup.file_id = role->file.header.file_id;
	setup.reclaim = may_reclaim(role, &own);
	setup.patience = role->failed > 0 ? 1u << (role->failed - 1) : 1;
	memcpy(setup.boot_id, role->boot_id, LEASE_BOOT_ID);
	text_copy(text_of(role->heritage->config->node), setup.name,
		  sizeof(setup.name));
	if (go_on && (role->shown.file_id != setup.file_id ||
		      role->shown.slot != setup.slot)) {
		give_up_kept(role, LEASE_REASON_REPLACED);
		return -EBUSY;
	}
	init(role, &setup, go_on);
	return 0;
}
