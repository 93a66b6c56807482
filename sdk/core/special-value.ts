/** The member that marks an object as a special value of Pulumi, a secret among them (Pulumi, developer docs, "wire format for values"). */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
