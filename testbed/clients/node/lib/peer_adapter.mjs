// The peer's memory store. Its own one holds a thousand entries and walks a grant's whole history at every rotation, so
// that under load it forgets living tokens; this one forgets nothing and costs a map look-up, which favours the peer.

const entries = new Map();
const sessionsByUid = new Map();
const byUserCode = new Map();
const byGrant = new Map();

export class PeerAdapter {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload) {
    const key = `${this.model}:${id}`;
    entries.set(key, payload);
    if (this.model === 'Session') sessionsByUid.set(payload.uid, key);
    if (payload.userCode) byUserCode.set(payload.userCode, key);
    if (payload.grantId && this.model !== 'Session') {
      const keys = byGrant.get(payload.grantId) ?? new Set();
      byGrant.set(payload.grantId, keys.add(key));
    }
  }

  async find(id) {
    return entries.get(`${this.model}:${id}`);
  }

  async findByUid(uid) {
    return entries.get(sessionsByUid.get(uid));
  }

  async findByUserCode(userCode) {
    return entries.get(byUserCode.get(userCode));
  }

  async consume(id) {
    entries.get(`${this.model}:${id}`).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    entries.delete(`${this.model}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const key of byGrant.get(grantId) ?? []) entries.delete(key);
    byGrant.delete(grantId);
  }
}
