/* cluster_storage - one journal for each node, read by all, and what storage
 * does to both: delays, errors, syncs that lose what they should have kept,
 * reads of what was there before, writes that land when nobody waits for them
 * any more.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests/sim/cluster_world.h"

#define MS INT64_C(1000)

static struct sim_storage *storage_of(struct shared *shared)
{
	return (struct sim_storage *)shared; /* its first member */
}

static struct disk *disk_of(struct sim_storage *storage, uint32_t node)
{
	return &storage->cluster->nodes[node].disk;
}

static bool fails(struct sim_storage *storage)
{
	struct lease_world *world = &storage->cluster->world;

	return world->nodes[storage->node].fails && rng_once_in(&world->rng, 2);
}

/* A call that returns at once, mostly. */
static void take_a_moment(struct sim_storage *storage)
{
	struct cluster *cluster = storage->cluster;
	struct lease_world *world = &cluster->world;
	const struct world_node *host = &world->nodes[storage->node];

	if (host->stall_until_us > world->now_us ||
	    rng_once_in(&world->rng, cluster->quick))
		sim_journal_spend(cluster, storage->node,
				  role_io_us(world, storage->node) / 4);
}

/* One that waits for the storage. */
static void take_time(struct sim_storage *storage)
{
	struct cluster *cluster = storage->cluster;
	struct lease_world *world = &cluster->world;
	int64_t us = role_io_us(world, storage->node);

	if (!sim_is_calm(cluster) && rng_once_in(&world->rng, cluster->slow))
		us += world_below(world,
				  3 * lease_length_us(&world->terms) / 2);
	sim_journal_spend(cluster, storage->node, us);
}

/* At each step of a disk. */
static void step(void *arg)
{
	struct cluster *cluster = arg;

	if (!sim_is_calm(cluster) && rng_once_in(&cluster->world.rng, 12))
		sim_journal_spend(cluster, cluster->runs,
				  world_below(&cluster->world, 2 * MS));
}

/* ---- reading ---- */

static int op_segments(struct shared *shared, const char *name,
		       uint32_t *numbers, size_t cap)
{
	struct sim_storage *storage = storage_of(shared);
	uint32_t node = sim_node_of(name);
	struct disk *disk;

	take_a_moment(storage);
	if (fails(storage))
		return -EIO;
	if (node == WORLD_NODES)
		return 0;
	disk = disk_of(storage, node);
	return disk->shared.ops->segments(&disk->shared, name, numbers, cap);
}

/* What another node wrote and did not sync is there, or not. */
static void copy_some(struct rng *rng, const struct disk_segment *segment,
		      uint64_t offset, uint8_t *to, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t at = (size_t)offset + done;
		size_t piece = DISK_SECTOR - at % DISK_SECTOR;
		bool dirty =
			segment->dirty[at / DISK_SECTOR] && rng_once_in(rng, 2);

		if (piece > len - done)
			piece = len - done;
		memcpy(to + done,
		       (dirty ? segment->durable : segment->cache) + at, piece);
		done += piece;
	}
}

/* Where a stale read of SEGMENT ends, UINT64_MAX when it is not one. */
static uint64_t stale_end(struct sim_storage *storage, uint32_t node,
			  uint32_t number)
{
	struct cluster *cluster = storage->cluster;

	if (!rng_once_in(&cluster->world.rng, cluster->stale))
		return UINT64_MAX;
	if (storage->seen[node].number < number)
		return 0;
	return storage->seen[node].number == number ? storage->seen[node].synced
						    : UINT64_MAX;
}

static ssize_t read_other(struct sim_storage *storage, uint32_t node,
			  uint32_t number, uint64_t offset, uint8_t *buf,
			  size_t len)
{
	struct disk_segment *segment =
		disk_find(disk_of(storage, node), number);
	uint64_t end = stale_end(storage, node, number);
	size_t real = 0;

	if (segment == NULL || segment->aside || end == 0)
		return -ENOENT;
	if (offset >= segment->size)
		return 0;
	if (len > segment->size - offset)
		len = (size_t)(segment->size - offset);
	if (offset < segment->used)
		real = segment->used - (size_t)offset;
	if (real > len)
		real = len;
	if (offset >= end)
		real = 0;
	else if (real > end - offset)
		real = (size_t)(end - offset);
	copy_some(&storage->cluster->world.rng, segment, offset, buf, real);
	memset(buf + real, 0, len - real);
	return (ssize_t)len;
}

static ssize_t op_read(struct shared *shared, const char *name, uint32_t number,
		       uint64_t offset, void *buf, size_t len)
{
	struct sim_storage *storage = storage_of(shared);
	uint32_t node = sim_node_of(name);
	struct disk *disk;

	take_a_moment(storage);
	if (fails(storage))
		return -EIO;
	if (node == WORLD_NODES)
		return -ENOENT;
	if (node != storage->node)
		return read_other(storage, node, number, offset, buf, len);
	disk = disk_of(storage, node);
	return disk->shared.ops->read(&disk->shared, name, number, offset, buf,
				      len);
}

static void op_refresh(struct shared *shared)
{
	struct sim_storage *storage = storage_of(shared);
	const struct cluster *cluster = storage->cluster;

	for (uint32_t i = 0; i < WORLD_NODES; i++) {
		const struct sim_storage *other = &cluster->nodes[i].storage;

		storage->seen[i].number = other->synced_number;
		storage->seen[i].synced = other->synced;
	}
}

/* ---- writing ---- */

static int op_begin(struct shared *shared, uint32_t number, uint64_t bytes)
{
	struct sim_storage *storage = storage_of(shared);
	struct disk *disk = disk_of(storage, storage->node);
	int rc;

	take_time(storage);
	if (fails(storage))
		return -EIO;
	rc = disk->shared.ops->begin(&disk->shared, number, bytes);
	if (rc != 0)
		return rc;
	storage->written = 0;
	return 0;
}

static int op_grow(struct shared *shared, uint64_t bytes)
{
	struct sim_storage *storage = storage_of(shared);
	struct disk *disk = disk_of(storage, storage->node);

	take_time(storage);
	return fails(storage) ? -EIO
			      : disk->shared.ops->grow(&disk->shared, bytes);
}

static void lands_later(struct sim_storage *storage)
{
	struct cluster *cluster = storage->cluster;
	struct lease_world *world = &cluster->world;

	for (uint32_t i = 0; i < SIM_LATE_MAX; i++) {
		struct sim_late *late = &cluster->late[i];

		if (late->used)
			continue;
		late->used = true;
		late->node = storage->node;
		late->write = storage->flight;
		world_post(
			world,
			world_below(world, 3 * lease_length_us(&world->terms)),
			SIM_LATE, storage->node)
			->index = i;
		storage->flight = (struct sim_write){ 0 };
		return;
	}
}

static void take_off(struct sim_storage *storage, uint64_t offset,
		     const void *buf, size_t len)
{
	struct sim_write *flight = &storage->flight;

	flight->number = disk_of(storage, storage->node)->current->number;
	flight->born = disk_of(storage, storage->node)->current->born;
	flight->offset = offset;
	flight->len = len;
	flight->bytes = malloc(len);
	if (flight->bytes == NULL)
		abort();
	memcpy(flight->bytes, buf, len);
}

static void forget_flight(struct sim_storage *storage)
{
	free(storage->flight.bytes);
	storage->flight = (struct sim_write){ 0 };
}

static int op_write(struct shared *shared, uint64_t offset, const void *buf,
		    size_t len)
{
	struct sim_storage *storage = storage_of(shared);
	struct disk *disk = disk_of(storage, storage->node);
	struct rng *rng = &storage->cluster->world.rng;
	int rc;

	take_off(storage, offset, buf, len);
	take_a_moment(storage);
	if (fails(storage)) {
		if (rng_once_in(rng, 2))
			lands_later(storage);
		forget_flight(storage);
		return -EIO;
	}
	rc = disk->shared.ops->write(&disk->shared, offset, buf, len);
	forget_flight(storage);
	if (rc == 0)
		storage->written = offset + len;
	return rc;
}

static int op_sync(struct shared *shared)
{
	struct sim_storage *storage = storage_of(shared);
	struct disk *disk = disk_of(storage, storage->node);
	const struct world_node *host =
		&storage->cluster->world.nodes[storage->node];
	int rc;

	take_time(storage);
	disk->sync_fails = host->fails ? 2 : 0;
	rc = disk->shared.ops->sync(&disk->shared);
	if (host->lag_us != 0)
		sim_journal_spend(storage->cluster, storage->node,
				  host->lag_us);
	if (rc == 0) {
		storage->synced_number = disk->current->number;
		storage->synced = storage->written;
	}
	return rc;
}

static int op_remove(struct shared *shared, uint32_t number)
{
	struct sim_storage *storage = storage_of(shared);
	struct disk *disk = disk_of(storage, storage->node);

	take_a_moment(storage);
	return fails(storage) ? -EIO
			      : disk->shared.ops->remove(&disk->shared, number);
}

static int op_set_aside(struct shared *shared, uint32_t number)
{
	struct sim_storage *storage = storage_of(shared);
	struct disk *disk = disk_of(storage, storage->node);

	return disk->shared.ops->set_aside(&disk->shared, number);
}

/* ---- the life of one ---- */

void sim_storage_open(struct cluster *cluster, uint32_t node, uint64_t seed)
{
	static const struct shared_ops ops = {
		.segments = op_segments,
		.read = op_read,
		.refresh = op_refresh,
		.begin = op_begin,
		.grow = op_grow,
		.write = op_write,
		.sync = op_sync,
		.remove = op_remove,
		.set_aside = op_set_aside,
	};
	struct sim_node *me = &cluster->nodes[node];

	disk_init(&me->disk, seed);
	me->disk.on_step = step;
	me->disk.on_step_arg = cluster;
	me->storage = (struct sim_storage){
		.shared.ops = &ops,
		.cluster = cluster,
		.node = node,
	};
}

void sim_storage_close(struct cluster *cluster, uint32_t node)
{
	forget_flight(&cluster->nodes[node].storage);
	disk_fini(&cluster->nodes[node].disk);
}

void sim_storage_drop(struct cluster *cluster, uint32_t node)
{
	struct sim_storage *storage = &cluster->nodes[node].storage;

	if (storage->flight.number != 0 && rng_once_in(&cluster->world.rng, 2))
		lands_later(storage);
	forget_flight(storage);
}

void sim_storage_late(struct cluster *cluster, uint32_t index)
{
	struct sim_late *late = &cluster->late[index];
	struct disk *disk = &cluster->nodes[late->node].disk;
	struct disk_segment *segment = disk_find(disk, late->write.number);

	world_say(&cluster->world, late->node,
		  "a write lands late in segment %u", late->write.number);
	if (segment != NULL && segment->born == late->write.born &&
	    !segment->aside &&
	    late->write.offset + late->write.len <= segment->size)
		disk_put(segment, late->write.offset, late->write.bytes,
			 late->write.len);
	free(late->write.bytes);
	late->used = false;
}
