import type { Room } from "./roomType";

const found = import.meta.glob<{ room: Room }>("../*/room.ts", { eager: true });

/** All of them, by their place in the navigation. Asked when they are needed: they import from here, too. */
export function allRooms(): readonly Room[] {
  const rooms = Object.values(found).map(({ room }) => room);
  return rooms.sort((one, other) => (one.entry?.place ?? 0) - (other.entry?.place ?? 0));
}

export function allEntries(): NonNullable<Room["entry"]>[] {
  return allRooms().flatMap(({ entry }) => (entry === undefined ? [] : [entry]));
}
